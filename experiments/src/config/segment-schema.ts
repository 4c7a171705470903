import { z } from 'zod';
import { text } from './fields.ts';

const segment = z.union([
  text,
  z.strictObject({
    column: text.describe('The column of users, items or events.'),
    table: z
      .enum(['events', 'users', 'items'])
      .optional()
      .describe('Where the column is; needed when tables share its name.'),
    width: z
      .number()
      .positive()
      .optional()
      .describe('Width of the parts of a column of numbers: `[k width, (k + 1) width)`.'),
  }),
  z.strictObject({
    trainingRows: z
      .enum(['items', 'users'])
      .describe(
        'Parts by how many training rows, or events of sequences, the item or the user has: cold items, short histories.',
      ),
    bounds: z
      .array(z.int().min(1))
      .min(1)
      .default([1, 5, 20, 100])
      .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]), 'expected bounds that ascend')
      .describe('Where parts begin, besides 0.'),
    label: z
      .enum(['any', 'positive'])
      .default('any')
      .describe(
        'Which rows count: all, or those with a label above 0, of a ranker the first of its task, as where rows of 0 were drawn.',
      ),
  }),
  z.strictObject({
    firstEvents: z
      .array(z.number().gt(0).lt(1))
      .min(1)
      .refine((shares) => shares.every((share, i) => i === 0 || share > shares[i - 1]), 'expected shares that ascend')
      .describe(
        'Parts by when the item to predict first occurs: before the times that these shares of all events lie before, or later, as `global-time` cuts by shares; with `cut: quantile` it trains on what occurs first at the very cut.',
      ),
  }),
  z.strictObject({
    coldItems: z
      .strictObject({
        share: z.number().gt(0).lt(1).describe('Share of the items.'),
        seed: z.int().min(0).describe('Seed of which items.'),
      })
      .describe(
        'Parts `cold`, `new` and `trained`: items that `data.coldItems` of this share and seed took out of training; others that neither a training row nor its history has, since they come later; and the rest. New and cold items may differ in more than that nothing trained on them, such as in the share of their rows that are positive.',
      ),
  }),
  z.strictObject({
    days: z
      .int()
      .min(1)
      .describe('Parts by so many days, from the first event that is to be predicted: how metrics age after a cut.'),
  }),
]);

/** A column whose parts the metrics are given of. */
export type SegmentConfig = z.output<typeof segment>;

/** By what the metrics of the test set are given in parts. */
export const segmentsSchema = z.array(segment);
