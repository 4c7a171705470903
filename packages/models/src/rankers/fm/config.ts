import { z } from 'zod';
import { embeddingDim, fieldFields, tableFields, tableScheme } from '../config.ts';

/** Configuration of {@link createFm}. */
export const fmConfigSchema = z
  .strictObject({
    kind: z.literal('fm'),
    ...fieldFields,
    embeddingDim,
    tables: tableScheme,
    ...tableFields,
  })
  .describe('Factorisation machine, Rendle 2010: weights of fields, and products of their vectors.');

export type FmConfig = z.output<typeof fmConfigSchema>;
export type FmConfigInput = z.input<typeof fmConfigSchema>;
