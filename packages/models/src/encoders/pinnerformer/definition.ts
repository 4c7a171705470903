import type { ModelDefinition } from '../../definition.ts';
import { type PinnerformerConfig, pinnerformerConfigSchema } from './config.ts';
import { pinnerformerFlops } from './flops.ts';
import { createPinnerformer } from './stack.ts';

/** PinnerFormer; its time features read times. */
export const pinnerformer = {
  kind: 'pinnerformer',
  can: ['encode'],
  schema: pinnerformerConfigSchema,
  create: createPinnerformer,
  timeReaders: ({ time }) => (time ? [{ key: 'time', value: true, without: false }] : []),
  flops: pinnerformerFlops,
} as const satisfies ModelDefinition<PinnerformerConfig>;
