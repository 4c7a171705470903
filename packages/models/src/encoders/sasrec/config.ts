import { z } from 'zod';
import { encoderFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createSasrec}; the defaults are those of the reference's ML-1M recipe. */
export const sasrecConfigSchema = z
  .strictObject({
    kind: z.literal('sasrec'),
    ...encoderFields,
    /** Hidden width of the feed-forward part. */
    ffnDim: size,
    /** Dropout in the feed-forward part and on the attention probabilities. */
    ffnDropout: rate.default(0.2),
    activation: z.enum(['relu', 'gelu']).default('relu'),
  })
  .refine((config) => config.embeddingDim % config.numHeads === 0, {
    path: ['embeddingDim'],
    message: 'a multiple of numHeads',
  });

export type SasrecConfig = z.output<typeof sasrecConfigSchema>;
export type SasrecConfigInput = z.input<typeof sasrecConfigSchema>;
