import { z } from 'zod';
import { size } from '../config/fields.ts';

// Settings that vectors of ids and tokenizers share.
export const width = size.max(4096);
export const levels = z.int().min(1).max(16).default(3).describe('Codes of an item, `L`.');
export const codes = size.max(65_536).default(256).describe('Codes of a level, `K`.');

export const behaviour = z
  .strictObject({
    kind: z.literal('behaviour'),
    width: width.default(128).describe('Width of the vectors.'),
    window: size.max(1000).default(5).describe('Items after an item that it is counted with.'),
    shift: z.number().min(1).default(1).describe('By whose logarithm every value is smaller.'),
    symmetric: z.boolean().default(false).describe('Whether pairs count in both directions.'),
  })
  .describe('SPPMI of neighbours in training histories, by its singular vectors: no content, so no cold items.');
export const file = z
  .strictObject({
    kind: z.literal('file'),
    path: z.string().min(1).describe('`.npy`, safetensors, or a delimited file with the item first.'),
    items: z
      .string()
      .min(1)
      .optional()
      .describe('The item of each row of `.npy` and safetensors, one id a line; default: the items 1, 2, 3, ...'),
  })
  .describe('Vectors that were made elsewhere, one for each item.');

export type FileVectorsConfig = z.output<typeof file>;

/** Vectors that a tokenizer may read beside those that it makes codes of. */
export type BesideConfig = Omit<z.output<typeof behaviour>, 'width'> | FileVectorsConfig;
