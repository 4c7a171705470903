import { z } from 'zod';
import { sequenceFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createGru4rec}. */
export const gru4recConfigSchema = z
  .strictObject({
    kind: z.literal('gru4rec'),
    ...sequenceFields,
    hiddenDim: size.optional().describe('Width `E` of the recurrent state; `embeddingDim` unless given.'),
    blockDropout: rate.default(0.2).describe('Dropout on the output of every recurrent layer.'),
  })
  .describe('GRU4Rec, Hidasi et al. 2016.');

export type Gru4recConfig = z.output<typeof gru4recConfigSchema>;
export type Gru4recConfigInput = z.input<typeof gru4recConfigSchema>;
