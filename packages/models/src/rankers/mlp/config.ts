import { z } from 'zod';
import { rate } from '../../config/fields.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields } from '../config.ts';

/** Configuration of {@link createMlp}. */
export const mlpConfigSchema = z.strictObject({
  kind: z.literal('mlp'),
  ...fieldFields,
  embeddingDim,
  hiddenSizes: hiddenSizes.default([400, 400, 400]),
  /** After each hidden layer. */
  dropout: rate.default(0),
  ...tableFields,
});

export type MlpConfig = z.output<typeof mlpConfigSchema>;
export type MlpConfigInput = z.input<typeof mlpConfigSchema>;
