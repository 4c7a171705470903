import { z } from 'zod';
import { count, rate } from '../../config/fields.ts';
import type { ModelWidths } from '../../definition.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields } from '../../rankers/config.ts';

/** Configuration of {@link createDssm}. */
export const dssmConfigSchema = z
  .strictObject({
    kind: z.literal('dssm'),
    ...fieldFields,
    /** Whether the query reads the mean of the id vectors of its history. */
    history: z.boolean().default(false),
    /** Events of that mean, the latest ones. */
    maxHistory: count.default(50),
    /** Longest window of events to train on and to be asked about. */
    maxSequenceLength: count.default(50),
    embeddingDim,
    queryHiddenSizes: hiddenSizes.default([64, 64]),
    itemHiddenSizes: hiddenSizes.default([64, 64]),
    /** Width `D` of the vectors of queries and items. The kernels that rank take no wider one. */
    outputDim: embeddingDim.default(64),
    /** After each hidden layer. */
    dropout: rate.default(0),
    /** `cosine`: both vectors are L2-normalised. */
    similarity: z.enum(['dot', 'cosine']).default('dot'),
    /** Share of the item ids that a training step reads as not known, so that features learn to do without. */
    idDropout: rate.default(0),
    ...tableFields,
  })
  .refine(({ history, itemId }) => !history || itemId, {
    path: ['history'],
    message: 'it with itemId alone, whose vectors it takes the mean of',
  })
  .refine(({ idDropout, itemId }) => idDropout === 0 || itemId, {
    path: ['idDropout'],
    message: 'it with itemId alone',
  });

export type DssmConfig = z.output<typeof dssmConfigSchema>;
export type DssmConfigInput = z.input<typeof dssmConfigSchema>;

/** The vectors are those of the last layers; a token keeps its query's layers. */
export function dssmWidths({ queryHiddenSizes, outputDim }: DssmConfig): ModelWidths {
  return { vector: outputDim, token: queryHiddenSizes.reduce((sum, width) => sum + width, outputDim) };
}
