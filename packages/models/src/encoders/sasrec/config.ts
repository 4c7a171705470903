import { z } from 'zod';
import { encoderFields, initialStdOrXavier, positionFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createSasrec}; the defaults are those of the reference's ML-1M recipe. */
export const sasrecConfigSchema = z
  .strictObject({
    kind: z.literal('sasrec'),
    ...encoderFields,
    initialStd: initialStdOrXavier,
    ...positionFields,
    ffnDim: size.describe('Hidden width of the feed-forward part.'),
    ffnDropout: rate.default(0.2).describe('Dropout in the feed-forward part and on the attention probabilities.'),
    finalNorm: z
      .boolean()
      .optional()
      .describe(
        'A layer norm with gain and bias after the last block, as in the public PyTorch code; default: none, as in that of Zhai et al.',
      ),
    affineNorms: z
      .boolean()
      .optional()
      .describe('Gain and bias of the norms of a block, as in the paper and the public PyTorch code; default: none.'),
    seesPadding: z
      .boolean()
      .optional()
      .describe(
        'Every event also attends to zeros that would pad its history on the left to maxSequenceLength events, as in the public PyTorch code and RecTools without their key mask; default: no.',
      ),
    activation: z.enum(['relu', 'gelu']).default('relu').describe('Of the feed-forward part.'),
  })
  .refine((config) => config.embeddingDim % config.numHeads === 0, {
    path: ['embeddingDim'],
    message: 'a multiple of numHeads',
  })
  .describe('SASRec, Kang and McAuley 2018.');

export type SasrecConfig = z.output<typeof sasrecConfigSchema>;
export type SasrecConfigInput = z.input<typeof sasrecConfigSchema>;
