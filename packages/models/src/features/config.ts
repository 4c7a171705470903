import { encodings } from '@seqrec/data';
import { z } from 'zod';
import { rate } from '../config/fields.ts';

const rows = z
  .int()
  .min(1)
  .max(2 ** 24);

const further = {
  table: z
    .enum(['events', 'users', 'items'])
    .optional()
    .describe('Where the column is; needed when tables share its name.'),
  encode: z
    .enum(encodings)
    .optional()
    .describe(
      'How values become ids or numbers. Default: `ids` of a column of ids, `words` of text, `buckets` of numbers and times.',
    ),
  minCount: rows.optional().describe('Of `ids`, `words` and `steps`: rarer ones in training share a row; default 1.'),
  buckets: rows.optional().describe('How many there are; of `buckets`, default 10, and of `hash`, default 1000.'),
  width: z.number().positive().optional().describe('Of `steps`, which need it: `floor(x / width)` is an id.'),
  maxLength: rows.optional().describe('Of lists: how many of their first ids are taken; default all.'),
};

/** A feature: the name of a column, or what is taken of it; `cross` is every pair of the ids of two columns. */
export const featureSchema = z.union([
  z.string().min(1),
  z.strictObject({ column: z.string().min(1).describe('The column.'), ...further }),
  z.strictObject({
    cross: z.tuple([z.string().min(1), z.string().min(1)]).describe('Every pair of the ids of these two columns.'),
    ...further,
  }),
]);

export type FeatureConfig = z.output<typeof featureSchema>;

/** Fields of an encoder whose events and items have columns besides the id. */
export const featureFields = {
  features: z
    .array(featureSchema)
    .min(1)
    .optional()
    .describe('Columns of events, items and users that are embedded beside the item id.'),
  combineFeatures: z
    .enum(['sum', 'concat'])
    .optional()
    .describe(
      '`sum`: `E[id] + f_1 + f_2 + ...`, each feature as wide as the id. `concat`: `W [E[id], f_1, f_2, ...] + b`, each `featureDim` wide.',
    ),
  featureDim: z
    .int()
    .min(1)
    .max(2 ** 14)
    .optional()
    .describe('Width of each feature under `concat`, default 16.'),
  itemFeatures: z
    .enum(['both', 'input'])
    .optional()
    .describe(
      'Where columns of items enter: `both` (default), the history and the vectors that are scored, so that an item without a training event has one; `input`, the history alone.',
    ),
  idDropout: rate
    .optional()
    .describe(
      'Share of the item ids that a training step reads as not known, so that features learn to do without; default 0.',
    ),
};
