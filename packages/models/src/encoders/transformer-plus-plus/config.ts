import { z } from 'zod';
import { sequenceFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createTransformerPlusPlus}: a decoder with rotary positions, RMS norms and gated units. */
export const transformerPlusPlusConfigSchema = z
  .strictObject({
    kind: z.literal('transformer-plus-plus'),
    ...sequenceFields,
    numHeads: size.describe('Attention heads `H`.'),
    headDim: size
      .optional()
      .describe('Width of a head, even, because rotary positions turn pairs; `embeddingDim / numHeads` unless given.'),
    ffnDim: size
      .optional()
      .describe('Hidden width of the gated unit; `8/3 embeddingDim`, rounded up to a multiple of 8, unless given.'),
    blockDropout: rate
      .default(0.2)
      .describe('Dropout on attention probabilities and on the outputs of both sub-layers.'),
  })
  .refine(({ embeddingDim, numHeads, headDim }) => headDim !== undefined || embeddingDim % (2 * numHeads) === 0, {
    path: ['embeddingDim'],
    message: 'a multiple of 2 * numHeads, or headDim',
  })
  .refine(({ headDim = 2 }) => headDim % 2 === 0, {
    path: ['headDim'],
    message: 'an even width, whose columns rotary positions turn in pairs',
  })
  .describe('Transformer++: a decoder with rotary positions, RMS norms and gated units, as Llama.');

export type TransformerPlusPlusConfig = z.output<typeof transformerPlusPlusConfigSchema>;
export type TransformerPlusPlusConfigInput = z.input<typeof transformerPlusPlusConfigSchema>;
