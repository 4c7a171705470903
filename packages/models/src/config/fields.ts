import { z } from 'zod';

/** A whole number of at least one: sizes and counts. */
export const size = z.int().min(1);

/** A dropout rate: the probability of dropping, `0 <= rate < 1`. */
export const rate = z.number().min(0).lt(1);

/** A positive real number. */
export const positive = z.number().gt(0);

/** Fields that every encoder has. */
export const sequenceFields = {
  /** Model width `D`, also the width of the item table. */
  embeddingDim: size,
  /** Longest history that is used, in events. */
  maxSequenceLength: size,
  /** Number of stacked blocks. */
  numBlocks: size,
  /** Dropout on the tokens that enter the first block. */
  inputDropout: rate.default(0.2),
  /** The temperature of the scores is a weight, which starts at the objective's `temperature`. */
  learnedTemperature: z.boolean().default(false),
};

/** Fields of the encoders with attention and learned absolute positions. */
export const encoderFields = {
  ...sequenceFields,
  /**
   * Extra columns after the history, `gr_output_length + 1` in the reference. Together they make
   * `n = maxSequenceLength + outputLength`: rows of the position table and HSTU's constant normaliser `1/n`.
   */
  outputLength: size.default(11),
  /** Attention heads `H`. */
  numHeads: size,
};
