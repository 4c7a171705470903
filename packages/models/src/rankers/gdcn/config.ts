import { z } from 'zod';
import { rate } from '../../config/fields.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields, tableScheme } from '../config.ts';

/** Configuration of {@link createGdcn}. */
export const gdcnConfigSchema = z
  .strictObject({
    kind: z.literal('gdcn'),
    ...fieldFields,
    embeddingDim,
    crossLayers: z.int().min(1).max(64).default(3).describe('Layers of the gated cross network.'),
    structure: z
      .enum(['parallel', 'stacked'])
      .default('parallel')
      .describe('`parallel` (GDCN-P): hidden layers beside the cross network; `stacked` (GDCN-S): after it.'),
    hiddenSizes: hiddenSizes.default([400, 400, 400]).describe('Widths of the hidden layers.'),
    dropout: rate.default(0).describe('Dropout after each hidden layer.'),
    tables: tableScheme,
    ...tableFields,
  })
  .describe('GDCN, Wang et al. 2023: a cross network with a gate in each layer, and hidden layers.');

export type GdcnConfig = z.output<typeof gdcnConfigSchema>;
export type GdcnConfigInput = z.input<typeof gdcnConfigSchema>;
