import { z } from 'zod';
import { sequenceFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createPinnerformer}. The paper's size: embeddingDim 256, modelDim 768, 6 blocks, 8 heads. */
export const pinnerformerConfigSchema = z
  .strictObject({
    kind: z.literal('pinnerformer'),
    ...sequenceFields,
    learnedTemperature: z.boolean().default(true),
    /** Width `H` of the Transformer; `embeddingDim` is that of the item vectors and of the output. */
    modelDim: size,
    /** Attention heads. */
    numHeads: size,
    /** Hidden width of the feed-forward parts and of the output network; four times `modelDim` unless given. */
    ffnDim: size.optional(),
    /** Dropout on attention probabilities and on the outputs of both sub-layers. */
    blockDropout: rate.default(0.1),
    /** Time features: absolute, age, gap. False leaves them out (the paper's table 6 does that). */
    time: z.boolean().default(true),
    /**
     * The action type of an event. `rating`: its rating in half stars. `buckets`: where its rating
     * lies among `actionBounds`.
     */
    actions: z.enum(['none', 'rating', 'buckets']).default('none'),
    /** Ascending; `[1, 10]` tells ratings below 1, from 1 to below 10, and from 10 on apart. For `buckets` alone. */
    actionBounds: z.array(z.number()).min(1).optional(),
    /** `rating`: the rating of an event is its duration (or an amount) and enters as a logarithm. */
    duration: z.enum(['none', 'rating']).default('none'),
    /** Width of the action vectors. */
    actionDim: size.default(32),
    /** Width of the item table, which the input and the network over the items read; `embeddingDim` unless given. */
    itemDim: size.optional(),
    /** True keeps the item table as it is, for vectors that were learned elsewhere. */
    freezeItems: z.boolean().default(false),
    /** Hidden width of the network over the item vectors; twice `embeddingDim` unless given. */
    itemHiddenDim: size.optional(),
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
  });

export type PinnerformerConfig = z.output<typeof pinnerformerConfigSchema>;
export type PinnerformerConfigInput = z.input<typeof pinnerformerConfigSchema>;
