import { z } from 'zod';
import { embeddingDim, fieldFields, tableFields } from '../config.ts';

/** Configuration of {@link createFm}. */
export const fmConfigSchema = z.strictObject({
  kind: z.literal('fm'),
  ...fieldFields,
  embeddingDim,
  ...tableFields,
});

export type FmConfig = z.output<typeof fmConfigSchema>;
export type FmConfigInput = z.input<typeof fmConfigSchema>;
