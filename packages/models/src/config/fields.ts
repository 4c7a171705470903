import { z } from 'zod';

/** A width of a layer, a number of heads: a whole number of at least one. Published models stay far below the limit. */
export const size = z
  .int()
  .min(1)
  .max(2 ** 16);

/** Events, sequences, negatives: what there may be more of. */
export const count = z
  .int()
  .min(1)
  .max(2 ** 20);

/** A dropout rate: the probability of dropping, `0 <= rate < 1`. */
export const rate = z.number().min(0).lt(1);

/** What cosines are divided by; below the limit one score decides alone and gradients vanish or overflow. */
export const temperature = z.number().min(1e-3).max(1e3);

/** A positive real number. */
export const positive = z.number().gt(0);

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
