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
