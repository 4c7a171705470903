import { z } from 'zod';
import { encoderFields, initialStdOrXavier, positionFields } from '../../config/encoder-fields.ts';
import { rate, size } from '../../config/fields.ts';

/** Configuration of {@link createTransformer}: a standard pre-norm decoder, or LiGR. */
export const transformerConfigSchema = z
  .strictObject({
    kind: z.literal('transformer'),
    ...encoderFields,
    initialStd: initialStdOrXavier,
    ...positionFields,
    ffnDim: size.optional().describe('Hidden width of the feed-forward part; four times `embeddingDim` unless given.'),
    block: z
      .enum(['pre-norm', 'ligr'])
      .optional()
      .describe(
        'The block that switches depart from: `pre-norm` unless given, or `ligr`, that of eSASRec (gated residuals, a gated feed-forward part without biases, dropout inside it, no final norm).',
      ),
    activation: z
      .enum(['relu', 'gelu', 'swiglu'])
      .optional()
      .describe(
        'Of the feed-forward part; `gelu` in its exact form, `swiglu`: `silu(x W1) * x W3`. Pre-norm `relu`, LiGR `swiglu`.',
      ),
    gatedResidual: z
      .boolean()
      .optional()
      .describe('Each sub-layer is added times `sigmoid(x W + b)` of what it is added to; LiGR has it.'),
    ffnBias: z.boolean().optional().describe('Biases of the feed-forward part; pre-norm has them, LiGR does not.'),
    ffnDropout: rate
      .optional()
      .describe('Dropout inside the feed-forward part, before its last map; pre-norm 0, LiGR `blockDropout`.'),
    finalNorm: z.boolean().optional().describe('A layer norm after the last block; pre-norm has it, LiGR does not.'),
    attention: z
      .enum(['causal', 'bidirectional'])
      .optional()
      .describe(
        'Which events a token attends to: `causal` (default), those up to itself; `bidirectional`, all of its sequence, as in BERT4Rec. The latter is trained to fill in hidden events: objectives need `labels.kind` masked.',
      ),
    blockDropout: rate
      .default(0.2)
      .describe('Dropout on attention probabilities and on the outputs of both sub-layers.'),
  })
  .refine((config) => config.embeddingDim % config.numHeads === 0, {
    path: ['embeddingDim'],
    message: 'a multiple of numHeads',
  })
  .refine(({ attention, outputLength }) => attention !== 'bidirectional' || outputLength >= 1, {
    path: ['outputLength'],
    message: "1 or more with attention 'bidirectional': the event to predict has a place of its own",
  })
  .refine(({ attention, features }) => attention !== 'bidirectional' || features === undefined, {
    path: ['features'],
    message: "none with attention 'bidirectional': the columns of a hidden event would have to be hidden too",
  })
  .describe(
    'A standard pre-norm decoder; with `block: ligr` that of eSASRec; with `attention: bidirectional` BERT4Rec.',
  );

/** Switches that are absent are those of `block`, see `transformerSwitches`. */
export type TransformerConfig = z.output<typeof transformerConfigSchema>;
export type TransformerConfigInput = z.input<typeof transformerConfigSchema>;
