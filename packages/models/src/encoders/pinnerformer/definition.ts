import type { ModelDefinition } from '../../definition.ts';
import { blockSettings, headsOfWidth } from '../../study.ts';
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
  incremental: ({ time }) => ({
    refusal: `'pinnerformer' cannot: places${time ? ' and ages' : ''} count from the newest event, so that each event moves all earlier ones; use recommend, which reads the whole history`,
  }),
  flops: pinnerformerFlops,
  study: {
    // The temperature is the study's: a learned one would make losses that cannot be compared.
    settings: (shape) => ({
      ...blockSettings(shape),
      numHeads: headsOfWidth(shape.width),
      modelDim: shape.width,
      blockDropout: shape.dropout,
      learnedTemperature: false,
    }),
    // Pancha et al. 2022, sections 3.3 and 3.4: dense all-action labels of 28 days, mixed negatives with logQ.
    objective: {
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 5000, random: 1024 },
      logQ: 'sketch',
      labels: { kind: 'dense-all-action', windowDays: 28, maxLabels: 32 },
      weighting: 'user',
    },
  },
} as const satisfies ModelDefinition<PinnerformerConfig>;
