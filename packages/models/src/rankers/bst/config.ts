import { z } from 'zod';
import { rate, size } from '../../config/fields.ts';
import { crossLayersFit, sequenceRankerFields } from '../sequence/config.ts';

/** What of the encoded sequence is kept. */
export const bstPoolings = ['mean', 'sum', 'target'] as const;

/** Configuration of {@link createBst}. */
export const bstConfigSchema = z
  .strictObject({
    kind: z.literal('bst'),
    ...sequenceRankerFields,
    numBlocks: z.int().min(1).max(64).default(1).describe('Layers of the transformer.'),
    numHeads: z
      .int()
      .min(1)
      .max(256)
      .default(2)
      .describe('Heads of its attention; they divide the width of an event with its position.'),
    feedForwardDim: size.optional().describe('Width of its hidden layer; default: that of an event with its position.'),
    attentionDropout: rate.default(0).describe('Dropout after attention and after the hidden layer.'),
    positions: z
      .boolean()
      .default(true)
      .describe('Whether a vector of the position, `embeddingDim` wide, stands beside that of each event.'),
    pooling: z
      .enum(bstPoolings)
      .default('mean')
      .describe('`mean` or `sum` of the encoded events and the item; `target`: the encoded item.'),
  })
  .refine(...crossLayersFit)
  .describe('BST, Chen et al. 2019: a transformer over the history and the item.');

export type BstConfig = z.output<typeof bstConfigSchema>;
export type BstConfigInput = z.input<typeof bstConfigSchema>;
