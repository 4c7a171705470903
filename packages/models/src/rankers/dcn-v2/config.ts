import { z } from 'zod';
import { rate, size } from '../../config/fields.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields, tableScheme } from '../config.ts';

/** How a layer of the cross network maps its input. */
export const crossForms = ['full', 'low-rank', 'mixture'] as const;
export type CrossForm = (typeof crossForms)[number];

/** Configuration of {@link createDcnV2}. */
export const dcnV2ConfigSchema = z
  .strictObject({
    kind: z.literal('dcn-v2'),
    ...fieldFields,
    embeddingDim,
    crossLayers: z.int().min(1).max(64).default(3).describe('Layers of the cross network.'),
    cross: z
      .enum(crossForms)
      .default('full')
      .describe(
        'How a cross layer maps its input: by a full matrix, by one of low rank, or by a mixture of such experts.',
      ),
    rank: size.optional().describe('Of cross `low-rank` and `mixture`: width of the narrow space; default 32.'),
    experts: z.int().min(1).max(256).optional().describe('Of cross `mixture`: how many experts; default 4.'),
    structure: z
      .enum(['parallel', 'stacked', 'cross'])
      .default('parallel')
      .describe('`parallel`: hidden layers beside the cross network; `stacked`: after it; `cross`: none.'),
    hiddenSizes: hiddenSizes
      .optional()
      .describe('Widths of the hidden layers, not with structure `cross`; default 400, 400, 400.'),
    dropout: rate.optional().describe('Dropout after each hidden layer; not with structure `cross`.'),
    tables: tableScheme,
    ...tableFields,
  })
  .refine(({ rank, cross }) => rank === undefined || cross !== 'full', {
    path: ['rank'],
    message: "it with cross 'low-rank' or 'mixture' alone",
  })
  .refine(({ experts, cross }) => experts === undefined || cross === 'mixture', {
    path: ['experts'],
    message: "it with cross 'mixture' alone",
  })
  .refine(({ hiddenSizes: sizes, structure }) => sizes === undefined || structure !== 'cross', {
    path: ['hiddenSizes'],
    message: "none with structure 'cross', which has no hidden layers",
  })
  .refine(({ dropout, structure }) => dropout === undefined || structure !== 'cross', {
    path: ['dropout'],
    message: "none with structure 'cross', which has no hidden layers",
  })
  .describe('DCN-V2, Wang et al. 2021: crosses of fields, and hidden layers.');

export type DcnV2Config = z.output<typeof dcnV2ConfigSchema>;
export type DcnV2ConfigInput = z.input<typeof dcnV2ConfigSchema>;
