import { z } from 'zod';
import { learnedTemperature, sequenceFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createPinnerformer}. The paper's size: embeddingDim 256, modelDim 768, 6 blocks, 8 heads. */
export const pinnerformerConfigSchema = z
  .strictObject({
    kind: z.literal('pinnerformer'),
    ...sequenceFields,
    learnedTemperature: learnedTemperature.default(true),
    modelDim: size.describe(
      'Width `H` of the Transformer; `embeddingDim` is that of the item vectors and of the output.',
    ),
    numHeads: size.describe('Attention heads.'),
    ffnDim: size
      .optional()
      .describe(
        'Hidden width of the feed-forward parts and of the output network; four times `modelDim` unless given.',
      ),
    blockDropout: rate
      .default(0.1)
      .describe('Dropout on attention probabilities and on the outputs of both sub-layers.'),
    time: z
      .boolean()
      .default(true)
      .describe("Time features: absolute, age, gap. False leaves them out (the paper's table 6 does that)."),
    actions: z
      .enum(['none', 'rating', 'buckets'])
      .default('none')
      .describe(
        'The action type of an event. `rating`: its rating in half stars. `buckets`: where its rating lies among `actionBounds`.',
      ),
    actionBounds: z
      .array(z.number())
      .min(1)
      .optional()
      .describe(
        'Bounds of `buckets`, ascending; `[1, 10]` tells ratings below 1, from 1 to below 10, and from 10 on apart.',
      ),
    duration: z
      .enum(['none', 'rating'])
      .default('none')
      .describe(
        'Where the duration of an event comes from. `rating`: its rating is its duration (or an amount) and enters as a logarithm.',
      ),
    actionDim: size.default(32).describe('Width of the action vectors.'),
    itemDim: size
      .optional()
      .describe(
        'Width of the item table, which the input and the network over the items read; `embeddingDim` unless given.',
      ),
    freezeItems: z
      .boolean()
      .default(false)
      .describe('True keeps the item table as it is, for vectors that were learned elsewhere.'),
    itemHiddenDim: size
      .optional()
      .describe('Hidden width of the network over the item vectors; twice `embeddingDim` unless given.'),
  })
  .refine((config) => config.modelDim % config.numHeads === 0, {
    path: ['modelDim'],
    message: 'a multiple of numHeads',
  })
  .refine(({ actions, actionBounds }) => (actions === 'buckets') === (actionBounds !== undefined), {
    path: ['actionBounds'],
    message: "bounds exactly when actions is 'buckets'",
  })
  .refine(({ actionBounds = [] }) => actionBounds.every((bound, i) => i === 0 || bound > actionBounds[i - 1]), {
    path: ['actionBounds'],
    message: 'bounds that rise',
  })
  .describe('PinnerFormer, Pancha et al. 2022.');

export type PinnerformerConfig = z.output<typeof pinnerformerConfigSchema>;
export type PinnerformerConfigInput = z.input<typeof pinnerformerConfigSchema>;
