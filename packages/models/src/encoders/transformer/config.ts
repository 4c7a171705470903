import { z } from 'zod';
import { encoderFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createTransformer}: a standard pre-norm decoder. */
export const transformerConfigSchema = z
  .strictObject({
    kind: z.literal('transformer'),
    ...encoderFields,
    /** Hidden width of the feed-forward part; four times `embeddingDim` unless given. */
    ffnDim: size.optional(),
    /** Of the feed-forward part, `relu` unless given; GELU in its exact form. */
    activation: z.enum(['relu', 'gelu']).optional(),
    /** Dropout on attention probabilities and on the outputs of both sub-layers. */
    blockDropout: rate.default(0.2),
  })
  .refine((config) => config.embeddingDim % config.numHeads === 0, {
    path: ['embeddingDim'],
    message: 'a multiple of numHeads',
  });

export type TransformerConfig = z.output<typeof transformerConfigSchema>;
export type TransformerConfigInput = z.input<typeof transformerConfigSchema>;
