import { countsFromNewest } from '../../config/encoder-fields.ts';
import type { ModelDefinition } from '../../definition.ts';
import { blockSettings, headsOfWidth } from '../../study.ts';
import { type TransformerConfig, transformerConfigSchema } from './config.ts';
import { transformerFlops } from './flops.ts';
import { createTransformer } from './stack.ts';

/** The Transformer with norms before its blocks. */
export const transformer = {
  kind: 'transformer',
  can: ['encode'],
  schema: transformerConfigSchema,
  create: createTransformer,
  incremental: (config) =>
    config.attention === 'bidirectional'
      ? {
          refusal:
            "'transformer' with attention bidirectional cannot: a new event changes what all earlier ones become; use recommend, which reads the whole history",
        }
      : countsFromNewest('transformer', config),
  flops: transformerFlops,
  study: {
    settings: (shape) => ({
      ...blockSettings(shape),
      numHeads: headsOfWidth(shape.width),
      outputLength: shape.outputLength,
      blockDropout: shape.dropout,
    }),
  },
} as const satisfies ModelDefinition<TransformerConfig>;
