import { z } from 'zod';
import { encoderFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createTransformer}: a standard pre-norm decoder. */
export const transformerConfigSchema = z
  .strictObject({
    kind: z.literal('transformer'),
    ...encoderFields,
    ffnDim: size.optional().describe('Hidden width of the feed-forward part; four times `embeddingDim` unless given.'),
    activation: z
      .enum(['relu', 'gelu'])
      .optional()
      .describe('Of the feed-forward part, `relu` unless given; `gelu` in its exact form.'),
    blockDropout: rate
      .default(0.2)
      .describe('Dropout on attention probabilities and on the outputs of both sub-layers.'),
  })
  .refine((config) => config.embeddingDim % config.numHeads === 0, {
    path: ['embeddingDim'],
    message: 'a multiple of numHeads',
  })
  .describe('A standard pre-norm decoder.');

export type TransformerConfig = z.output<typeof transformerConfigSchema>;
export type TransformerConfigInput = z.input<typeof transformerConfigSchema>;
