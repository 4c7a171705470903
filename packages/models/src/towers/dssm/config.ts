import { z } from 'zod';
import { count, rate } from '../../config/fields.ts';
import type { ModelWidths } from '../../definition.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields } from '../../rankers/config.ts';

/** Configuration of {@link createDssm}. */
export const dssmConfigSchema = z
  .strictObject({
    kind: z.literal('dssm'),
    ...fieldFields,
    history: z.boolean().default(false).describe('Whether the query reads the mean of the id vectors of its history.'),
    maxHistory: count.default(50).describe('Events of the mean of `history`, the latest ones.'),
    maxSequenceLength: count.default(50).describe('Longest window of events to train on and to be asked about.'),
    embeddingDim,
    queryHiddenSizes: hiddenSizes.default([64, 64]).describe('Widths of the hidden layers of the tower of queries.'),
    itemHiddenSizes: hiddenSizes.default([64, 64]).describe('Widths of the hidden layers of the tower of items.'),
    outputDim: embeddingDim
      .default(64)
      .describe('Width `D` of the vectors of queries and items. The kernels that rank take no wider one.'),
    dropout: rate.default(0).describe('Dropout after each hidden layer.'),
    similarity: z
      .enum(['dot', 'cosine'])
      .default('dot')
      .describe('How a score is made of two vectors; `cosine`: both are L2-normalised.'),
    idDropout: rate
      .default(0)
      .describe('Share of the item ids that a training step reads as not known, so that features learn to do without.'),
    ...tableFields,
  })
  .refine(({ history, itemId }) => !history || itemId, {
    path: ['history'],
    message: 'it with itemId alone, whose vectors it takes the mean of',
  })
  .refine(({ idDropout, itemId }) => idDropout === 0 || itemId, {
    path: ['idDropout'],
    message: 'it with itemId alone',
  })
  .describe('DSSM, Huang et al. 2013: two towers, one of the query and one of the item.');

export type DssmConfig = z.output<typeof dssmConfigSchema>;
export type DssmConfigInput = z.input<typeof dssmConfigSchema>;

/** The vectors are those of the last layers; a token keeps its query's layers. */
export function dssmWidths({ queryHiddenSizes, outputDim }: DssmConfig): ModelWidths {
  return { vector: outputDim, token: queryHiddenSizes.reduce((sum, width) => sum + width, outputDim) };
}
