import { z } from 'zod';
import { fieldFields, tableFields, tableScheme } from '../config.ts';

/** Configuration of {@link createLr}. */
export const lrConfigSchema = z
  .strictObject({
    kind: z.literal('lr'),
    ...fieldFields,
    tables: tableScheme,
    ...tableFields,
  })
  .describe('Logistic regression: a weight of each value of a field.');

export type LrConfig = z.output<typeof lrConfigSchema>;
export type LrConfigInput = z.input<typeof lrConfigSchema>;
