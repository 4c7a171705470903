import { z } from 'zod';
import { rate, size } from '../../config/fields.ts';
import { embeddingDim, fieldFields, tableFields, tableScheme } from '../config.ts';

/** Configuration of {@link createAutoint}. */
export const autointConfigSchema = z
  .strictObject({
    kind: z.literal('autoint'),
    ...fieldFields,
    embeddingDim,
    attentionLayers: z.int().min(1).max(64).default(2).describe('Layers of attention among the fields.'),
    attentionDim: size.default(8).describe('Width of what a layer makes of a field, all heads together.'),
    heads: z.int().min(1).max(256).default(1).describe('Heads of the attention; `attentionDim` is a multiple of it.'),
    layerNorm: z.boolean().default(false).describe('Whether a layer norm follows the residual sum.'),
    useScale: z
      .boolean()
      .default(false)
      .describe('Whether scores are divided by the square root of the width of a head.'),
    useWide: z.boolean().default(false).describe('Whether the linear terms of `lr`, without its bias, are added.'),
    useResidual: z
      .boolean()
      .default(true)
      .describe('Whether a layer adds what it reads, mapped where the widths differ.'),
    hiddenSizes: z
      .array(size)
      .max(64)
      .default([64, 64, 64])
      .describe('Widths of hidden layers over all vectors, whose logits are added; empty: none.'),
    dropout: rate.default(0).describe('Dropout of the weights of the attention and after each hidden layer.'),
    tables: tableScheme,
    ...tableFields,
  })
  .refine(({ attentionDim, heads }) => attentionDim % heads === 0, {
    path: ['heads'],
    message: 'a divisor of attentionDim',
  })
  .describe('AutoInt, Song et al. 2019: attention among the fields, and hidden layers beside it.');

export type AutoIntConfig = z.output<typeof autointConfigSchema>;
export type AutoIntConfigInput = z.input<typeof autointConfigSchema>;
