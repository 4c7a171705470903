import { z } from 'zod';
import { positive, rate, size } from '../config/fields.ts';
import { featureSchema } from '../features/config.ts';
import { historySchema } from '../features/history-config.ts';
import { tableSchemeSchema } from '../features/table-config.ts';

/** Which fields a model of rows reads. */
export const fieldFields = {
  userId: z.boolean().default(true).describe("Whether the user's id is a field."),
  itemId: z.boolean().default(true).describe("Whether the item's id is a field."),
  idDropout: rate
    .optional()
    .describe(
      'Share of the item ids that a training step reads as not known, in rows and histories, so that the row of items without a training row is trained; default 0.',
    ),
  features: z
    .array(featureSchema)
    .min(1)
    .optional()
    .describe('Columns of the event, the item and the user that are fields as well.'),
};

/** Of models that read what the user did before the row. */
export const historyFields = { userHistory: historySchema.prefault({}) };

/** How ids share the rows of tables. */
export const tableScheme = tableSchemeSchema.optional();

/** How the tables of the fields start and what a regulariser does to them. */
export const tableFields = {
  embeddingStd: positive.default(1e-4).describe('Standard deviation of new tables.'),
  embeddingL2: z
    .number()
    .min(0)
    .default(0)
    .describe(
      '`lambda` of `lambda/2 |E|^2` over whole tables, added to the loss of every step; not divided by the batch.',
    ),
  netL2: z.number().min(0).default(0).describe('The same as `embeddingL2` of all other weights, biases too.'),
};

export const embeddingDim = size.max(2 ** 14).describe('Width `d` of the vector of a field.');

/** Widths of hidden layers. */
export const hiddenSizes = z.array(size).min(1).max(64);

/** The same where there may be none. */
export const sizesOrNone = z.array(size).max(64);

export const expertCount = z.int().min(1).max(256);
