import { z } from 'zod';
import { rate } from '../../config/fields.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields, tableScheme } from '../config.ts';

/** Configuration of {@link createMlp}. */
export const mlpConfigSchema = z
  .strictObject({
    kind: z.literal('mlp'),
    ...fieldFields,
    embeddingDim,
    hiddenSizes: hiddenSizes.default([400, 400, 400]).describe('Widths of the hidden layers.'),
    dropout: rate.default(0).describe('Dropout after each hidden layer.'),
    tables: tableScheme,
    ...tableFields,
  })
  .describe('Hidden layers over the vectors of the fields.');

export type MlpConfig = z.output<typeof mlpConfigSchema>;
export type MlpConfigInput = z.input<typeof mlpConfigSchema>;
