import { z } from 'zod';
import { positionFields, sequenceFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createGru4rec}; plug-ins extend it. */
export const gru4recConfigSchema = z
  .strictObject({
    kind: z.literal('gru4rec'),
    ...sequenceFields,
    inputScale: positionFields.inputScale,
    hiddenDim: size.optional().describe('Width `E` of the recurrent state; `embeddingDim` unless given.'),
    outputProjection: z
      .boolean()
      .optional()
      .describe(
        'A linear map from the last state to `embeddingDim` numbers (default). Without one the state itself is scored, as in the code of "Time to Split", and hiddenDim must be embeddingDim.',
      ),
    blockDropout: rate.default(0.2).describe('Dropout on the output of every recurrent layer.'),
  })
  .describe('GRU4Rec, Hidasi et al. 2016.');

/** The same, refused where the state has another width than the items that it is scored against. */
export const gru4recCheckedSchema = gru4recConfigSchema.refine(
  ({ outputProjection, hiddenDim, embeddingDim }) =>
    outputProjection !== false || (hiddenDim ?? embeddingDim) === embeddingDim,
  {
    path: ['hiddenDim'],
    message: 'embeddingDim, or outputProjection true: without the map the state itself is scored against item vectors',
  },
);

export type Gru4recConfig = z.output<typeof gru4recConfigSchema>;
export type Gru4recConfigInput = z.input<typeof gru4recConfigSchema>;
