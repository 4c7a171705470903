import { encodings } from '@seqrec/data';
import { z } from 'zod';
import { rate } from '../config/fields.ts';

const rows = z
  .int()
  .min(1)
  .max(2 ** 24);

const further = {
  /** Where the column is; needed when tables share its name. */
  table: z.enum(['events', 'users', 'items']).optional(),
  /** Default: `ids` of a column of ids, `words` of text, `buckets` of numbers and times. */
  encode: z.enum(encodings).optional(),
  /** Of `ids`, `words` and `steps`: rarer ones in training share a row; default 1. */
  minCount: rows.optional(),
  /** Of `buckets`, default 10, and of `hash`, default 1000. */
  buckets: rows.optional(),
  /** Of `steps`, which need it: `floor(x / width)` is an id. */
  width: z.number().positive().optional(),
  /** Of lists: how many of their first ids are taken; default all. */
  maxLength: rows.optional(),
};

/** A feature: the name of a column, or what is taken of it; `cross` is every pair of the ids of two columns. */
export const featureSchema = z.union([
  z.string().min(1),
  z.strictObject({ column: z.string().min(1), ...further }),
  z.strictObject({ cross: z.tuple([z.string().min(1), z.string().min(1)]), ...further }),
]);

export type FeatureConfig = z.output<typeof featureSchema>;

/** Fields of an encoder whose events and items have columns besides the id. */
export const featureFields = {
  /** Columns of events, items and users that are embedded beside the item id. */
  features: z.array(featureSchema).min(1).optional(),
  /**
   * `sum`: `E[id] + f_1 + f_2 + ...`, each feature as wide as the id. `concat`: `W [E[id], f_1, f_2, ...] + b`, each
   * `featureDim` wide.
   */
  combineFeatures: z.enum(['sum', 'concat']).optional(),
  /** Width of each feature under `concat`, default 16. */
  featureDim: z
    .int()
    .min(1)
    .max(2 ** 14)
    .optional(),
  /**
   * Where columns of items enter: `both` (default), the history and the vectors that are scored, so that an item
   * without a training event has one; `input`, the history alone.
   */
  itemFeatures: z.enum(['both', 'input']).optional(),
  /** Share of the item ids that a training step reads as not known, so that features learn to do without; default 0. */
  idDropout: rate.optional(),
};
