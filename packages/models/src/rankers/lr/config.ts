import { z } from 'zod';
import { fieldFields, tableFields } from '../config.ts';

/** Configuration of {@link createLr}. */
export const lrConfigSchema = z.strictObject({
  kind: z.literal('lr'),
  ...fieldFields,
  ...tableFields,
});

export type LrConfig = z.output<typeof lrConfigSchema>;
export type LrConfigInput = z.input<typeof lrConfigSchema>;
