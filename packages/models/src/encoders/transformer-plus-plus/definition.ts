import type { ModelDefinition } from '../../definition.ts';
import { blockSettings, headsOfWidth } from '../../study.ts';
import { type TransformerPlusPlusConfig, transformerPlusPlusConfigSchema } from './config.ts';
import { transformerPlusPlusFlops } from './flops.ts';
import { createTransformerPlusPlus } from './stack.ts';

/** Transformer++. */
export const transformerPlusPlus = {
  kind: 'transformer-plus-plus',
  can: ['encode'],
  schema: transformerPlusPlusConfigSchema,
  create: createTransformerPlusPlus,
  incremental: () => ({}),
  flops: transformerPlusPlusFlops,
  study: {
    settings: (shape) => ({
      ...blockSettings(shape),
      numHeads: headsOfWidth(shape.width),
      blockDropout: shape.dropout,
    }),
  },
} as const satisfies ModelDefinition<TransformerPlusPlusConfig>;
