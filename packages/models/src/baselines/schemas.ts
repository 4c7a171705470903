import { z } from 'zod';
import { count, positive } from '../config/fields.ts';

const memory = z
  .int()
  .min(1)
  .max(2 ** 20)
  .default(2048);

/** Settings of the baselines of this package, by the key of `evaluation` that has them. */
export const baselineSchemas = {
  recentPopularity: z.strictObject({
    days: positive.default(7).describe('Length of the window that ends with the newest training event, in days.'),
  }),
  itemKnn: z.strictObject({
    last: count.default(10).describe('How many of the latest items of a history count.'),
    decay: positive.max(1).default(0.8).describe('Weight of an item per step back in time.'),
  }),
  randomWalk: z.strictObject({
    alpha: z.number().min(0).default(1).describe('Exponent of the probabilities of steps.'),
    beta: z.number().min(0).default(0.6).describe('Exponent of the popularity that scores are divided by.'),
  }),
  ease: z.strictObject({
    lambda: positive.default(500).describe('Weight of the square of the weights of EASE: Steck 2019, 500 for ML-20M.'),
    maxMemory: memory.describe('EASE is skipped, with the reason, where its inverse needs more than so many MiB.'),
  }),
  slim: z.strictObject({
    l1: z.number().min(0).default(5).describe('Weight of the sum of the weights of SLIM.'),
    l2: positive.default(50).describe('Weight of half the sum of their squares.'),
    tolerance: positive.default(1e-5).describe('A column of SLIM is done when no weight moves by more in a sweep.'),
    maxMemory: memory.describe('SLIM is skipped, with the reason, where pairs of items need more than so many MiB.'),
  }),
};
