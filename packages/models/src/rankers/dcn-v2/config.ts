import { z } from 'zod';
import { rate, size } from '../../config/fields.ts';
import { embeddingDim, fieldFields, hiddenSizes, tableFields } from '../config.ts';

/** How a layer of the cross network maps its input. */
export const crossForms = ['full', 'low-rank', 'mixture'] as const;
export type CrossForm = (typeof crossForms)[number];

/** Configuration of {@link createDcnV2}. */
export const dcnV2ConfigSchema = z
  .strictObject({
    kind: z.literal('dcn-v2'),
    ...fieldFields,
    embeddingDim,
    crossLayers: z.int().min(1).max(64).default(3),
    cross: z.enum(crossForms).default('full'),
    /** Of `low-rank` and `mixture`: width of the narrow space; default 32. */
    rank: size.optional(),
    /** Of `mixture`; default 4. */
    experts: z.int().min(1).max(256).optional(),
    /** `parallel`: hidden layers beside the cross network; `stacked`: after it; `cross`: none. */
    structure: z.enum(['parallel', 'stacked', 'cross']).default('parallel'),
    /** Not with structure `cross`; default 400, 400, 400. */
    hiddenSizes: hiddenSizes.optional(),
    /** After each hidden layer; not with structure `cross`. */
    dropout: rate.optional(),
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
  });

export type DcnV2Config = z.output<typeof dcnV2ConfigSchema>;
export type DcnV2ConfigInput = z.input<typeof dcnV2ConfigSchema>;
