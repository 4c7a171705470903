import { z } from 'zod';
import { featureFields } from '../features/config.ts';
import { count, rate, size } from './fields.ts';

/** Fields that every encoder has. */
export const sequenceFields = {
  /** Model width `D`, also the width of the item table. The kernels that rank take no wider one. */
  embeddingDim: size.max(2 ** 14),
  /** Longest history that is used, in events. */
  maxSequenceLength: count,
  /** Number of stacked blocks. */
  numBlocks: z.int().min(1).max(1024),
  /** Dropout on the tokens that enter the first block. */
  inputDropout: rate.default(0.2),
  /** The temperature of the scores is a weight, which starts at the objective's `temperature`. */
  learnedTemperature: z.boolean().default(false),
  ...featureFields,
};

/** Fields of the encoders with attention and learned absolute positions. */
export const encoderFields = {
  ...sequenceFields,
  /**
   * Extra columns after the history, `gr_output_length + 1` in the reference. Together they make
   * `n = maxSequenceLength + outputLength`: rows of the position table and HSTU's constant normaliser `1/n`.
   */
  outputLength: count.default(11),
  /** Attention heads `H`. */
  numHeads: size,
};
