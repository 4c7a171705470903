import type { ModelDefinition } from '../../definition.ts';
import { blockSettings } from '../../study.ts';
import { type Gru4recConfig, gru4recCheckedSchema } from './config.ts';
import { gru4recFlops } from './flops.ts';
import { createGru4rec } from './stack.ts';

/** GRU4Rec. */
export const gru4rec = {
  kind: 'gru4rec',
  can: ['encode'],
  schema: gru4recCheckedSchema,
  create: createGru4rec,
  incremental: () => ({}),
  flops: gru4recFlops,
  study: { settings: (shape) => ({ ...blockSettings(shape), blockDropout: shape.dropout }) },
} as const satisfies ModelDefinition<Gru4recConfig>;
