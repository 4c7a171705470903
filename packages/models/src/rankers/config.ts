import { z } from 'zod';
import { positive, size } from '../config/fields.ts';
import { featureSchema } from '../features/config.ts';

/** Which fields a model of rows reads. */
export const fieldFields = {
  /** Whether the user's id is a field. */
  userId: z.boolean().default(true),
  /** Whether the item's id is a field. */
  itemId: z.boolean().default(true),
  /** Columns of the event, the item and the user that are fields as well. */
  features: z.array(featureSchema).min(1).optional(),
};

/** How the tables of the fields start and what a regulariser does to them. */
export const tableFields = {
  /** Standard deviation of new tables. */
  embeddingStd: positive.default(1e-4),
  /** `lambda` of `lambda/2 |E|^2` over whole tables, added to the loss of every step; not divided by the batch. */
  embeddingL2: z.number().min(0).default(0),
  /** The same of all other weights, biases too. */
  netL2: z.number().min(0).default(0),
};

/** Width `d` of the vector of a field. */
export const embeddingDim = size.max(2 ** 14);

/** Widths of hidden layers. */
export const hiddenSizes = z.array(size).min(1).max(64);
