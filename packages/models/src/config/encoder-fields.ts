import { z } from 'zod';
import { featureFields } from '../features/config.ts';
import { count, rate, size } from './fields.ts';

export const learnedTemperature = z
  .boolean()
  .describe("The temperature of the scores is a weight, which starts at the objective's `temperature`.");

/** Fields that every encoder has. */
export const sequenceFields = {
  embeddingDim: size
    .max(2 ** 14)
    .describe('Model width `D`, also the width of the item table. The kernels that rank take no wider one.'),
  maxSequenceLength: count.describe('Longest history that is used, in events.'),
  numBlocks: z.int().min(1).max(1024).describe('Number of stacked blocks.'),
  inputDropout: rate.default(0.2).describe('Dropout on the tokens that enter the first block.'),
  itemDropout: rate
    .optional()
    .describe(
      'Dropout on the numbers of the item table, the same for an item in the history and among what is scored; RecTools before 0.16 has it. Default 0.',
    ),
  similarity: z
    .enum(['cosine', 'dot'])
    .optional()
    .describe(
      'What the score of a history and an item is: the `cosine` of their vectors (default), or their product, `dot`, in which a long vector of an item makes it popular. Objectives divide products by their `temperature` too: 1 is right for `dot`.',
    ),
  learnedTemperature: learnedTemperature.default(false),
  ...featureFields,
};

/** Of an encoder with a table of positions that no other of its settings counts. */
export const positionFields = {
  inputScale: z
    .enum(['sqrt-dim', 'one'])
    .optional()
    .describe(
      'What item vectors, and the features of events and users, are multiplied by before positions are added: `sqrt(D)` (default), as in the paper of SASRec and the code of Zhai et al.; `one`, as in RecTools.',
    ),
  positionsFrom: z
    .enum(['oldest', 'newest'])
    .optional()
    .describe(
      'The event that learned positions count from: the `oldest` (default), as in the code of Zhai et al.; the `newest`, as where histories are padded on the left (SASRec in PyTorch, RecTools): the last event of every history then has one vector of its own, and in training the others know how many follow.',
    ),
};

/** What item vectors of a width are multiplied by, and the vectors of features that are added to them. */
export function inputScaleOf({ inputScale }: { readonly inputScale?: 'sqrt-dim' | 'one' }, width: number): number {
  return inputScale === 'one' ? 1 : Math.sqrt(width);
}

/** Why a scorer cannot keep what such an encoder made of earlier events. */
export function countsFromNewest(kind: string, { positionsFrom }: { positionsFrom?: 'oldest' | 'newest' }) {
  return positionsFrom === 'newest'
    ? {
        refusal: `'${kind}' with positionsFrom newest cannot: each event moves all earlier ones; use recommend, which reads the whole history, or positionsFrom oldest`,
      }
    : {};
}

/** Fields of the encoders with attention and learned absolute positions. */
export const encoderFields = {
  ...sequenceFields,
  outputLength: count
    .default(11)
    .describe(
      "Extra columns after the history, `gr_output_length + 1` in the reference. Together they make `n = maxSequenceLength + outputLength`: rows of the position table and HSTU's constant normaliser `1/n`.",
    ),
  numHeads: size.describe('Attention heads `H`.'),
  initialStd: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe(
      'Tables of items and places (truncated), maps that add to the tokens, their gates and feed-forward parts start normal with this standard deviation, biases at zero, projections of a softmax Xavier-uniform, as in the code of "Time to Split" (0.02); default: as in the public code of each encoder.',
    ),
};

/** Of encoders whose weights are maps and tables alone. */
export const initialStdOrXavier = z
  .union([encoderFields.initialStd.unwrap(), z.literal('xavier')])
  .optional()
  .describe(
    `${encoderFields.initialStd.description} \`xavier\`: every matrix and table Xavier-normal, \`sqrt(2 / (rows + columns))\`, as in pmixer/SASRec.pytorch and RecTools.`,
  );
