import { z } from 'zod';
import { rate } from '../../config/fields.ts';
import { embeddingDim, fieldFields, tableFields, tableScheme } from '../config.ts';

const layers = z.int().min(1).max(32);

/** Configuration of {@link createFcn}. */
export const fcnConfigSchema = z
  .strictObject({
    kind: z.literal('fcn'),
    ...fieldFields,
    embeddingDim: embeddingDim.describe('Width `d` of the vector of a field; a multiple of twice `heads`.'),
    exponentialLayers: layers.default(4).describe('Layers of the exponential branch: the degree doubles with each.'),
    linearLayers: layers.default(4).describe('Layers of the linear branch: the degree grows by one with each.'),
    heads: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('Parts that each vector is cut into; they share all weights, and their logits are averaged.'),
    layerNorm: z.boolean().default(true).describe('Whether the mask of a layer reads a layer norm of its map.'),
    dropout: rate.default(0).describe('Dropout after each layer of the exponential branch.'),
    linearDropout: rate.optional().describe('Dropout after each layer of the linear branch; default: `dropout`.'),
    detachWeights: z
      .boolean()
      .default(false)
      .describe('Whether the weights of the branches in Tri-BCE are constants; else gradients go through them.'),
    tables: tableScheme,
    ...tableFields,
  })
  .refine(({ embeddingDim: width, heads }) => width % (2 * heads) === 0, {
    path: ['embeddingDim'],
    message: 'a multiple of twice the heads: each part of a vector is cut into halves',
  })
  .describe('FCN (DCNv3), Li et al. 2024: an exponential and a linear cross branch, each with a loss of its own.');

export type FcnConfig = z.output<typeof fcnConfigSchema>;
export type FcnConfigInput = z.input<typeof fcnConfigSchema>;
