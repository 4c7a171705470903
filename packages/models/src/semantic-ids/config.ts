import { z } from 'zod';
import { size } from '../config/fields.ts';
import { collisionRules } from './codes/unique-codes.ts';
import { rqVaeSchema } from './rq-vae-config.ts';
import { behaviour, codes, file, levels, width } from './shared-config.ts';

const lsa = z
  .strictObject({
    kind: z.literal('lsa'),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Columns of the items; default: all but times and what was gathered over all time (`seqrec data` shows roles). Name them where one of your own was recorded after the events.',
      ),
    width: width.default(256).describe('Width of the vectors.'),
    ngrams: z.int().min(1).max(8).default(2).describe('Longest run of words of a text that is a term.'),
    characters: z
      .int()
      .min(0)
      .max(8)
      .default(0)
      .describe('Also runs of so many characters inside words; 0: none. For scripts without spaces.'),
    minDocuments: z.int().min(1).default(2).describe('Terms of fewer items are left out.'),
  })
  .describe('Latent semantic analysis of what the table of items says: texts, ids, numbers.');
export const vectorsSchema = z.discriminatedUnion('kind', [lsa, behaviour, file]);

const steps = size.max(10_000).default(25).describe('Lloyd steps at most.');

export const tokenizerSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('residual-k-means'),
      ...{ levels, codes, steps },
      normalize: z.boolean().default(false).describe('Divide what is left by its length before each level, as GRID.'),
      balanced: z.boolean().default(false).describe('At most `ceil(N / K)` items a code of a level.'),
    })
    .describe('RQ-k-means: k-means of the vectors, then of what each level leaves.'),
  rqVaeSchema,
  z
    .strictObject({ kind: z.literal('hierarchical'), levels, codes, steps })
    .describe('Hierarchical k-means: each level cuts the clusters of the one before.'),
  z
    .strictObject({ kind: z.literal('product'), levels, codes, steps })
    .describe('Product quantisation: k-means of each group of columns.'),
  z
    .strictObject({
      kind: z.literal('lsh'),
      levels,
      bits: z.int().min(1).max(16).default(8).describe('Hyperplanes of a level: it has `2^bits` codes.'),
    })
    .describe('Random hyperplanes.'),
  z.strictObject({ kind: z.literal('random'), levels, codes }).describe('Codes by chance, no two items alike.'),
  z.strictObject({ kind: z.literal('atomic') }).describe('One code an item: a plain model of sequences.'),
  z
    .strictObject({
      kind: z.literal('file'),
      path: z.string().min(1).describe('A delimited file: a header, then the item and its codes.'),
    })
    .describe('Codes that were made elsewhere.'),
]);

/** How items get their codes. */
export const semanticIdsSchema = z.strictObject({
  vectors: z
    .array(vectorsSchema)
    .min(1)
    .default([lsa.parse({ kind: 'lsa' })])
    .describe(
      'Vectors of the items, each of length 1; several stand side by side. Not read by `random`, `atomic`, `file`.',
    ),
  standardise: z.boolean().default(false).describe('Every column of the vectors with mean 0 and variance 1.'),
  tokenizer: tokenizerSchema.prefault({ kind: 'residual-k-means' }).describe('What makes codes of vectors.'),
  fitTo: z
    .enum(['catalogue', 'training'])
    .optional()
    .describe(
      'Items that terms, parts of numbers, directions and codebooks are fitted to: the whole `catalogue` (default), or those with an event of `training`; then the others get codes as new items do (`seqrec ids append`).',
    ),
  collisions: z
    .enum(collisionRules)
    .default('counter')
    .describe(
      '`counter`: one level more, which counts the items of equal codes; `next-nearest`: the last code of all but one of them is the nearest that is free.',
    ),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('Of all that is drawn.'),
});

export type SemanticIdsConfig = z.output<typeof semanticIdsSchema>;
export type SemanticIdsConfigInput = z.input<typeof semanticIdsSchema>;
export type VectorsConfig = z.output<typeof vectorsSchema>;
export type TokenizerConfig = z.output<typeof tokenizerSchema>;
