import { z } from 'zod';
import { size } from '../config/fields.ts';
import { rqVaeSchema } from './rq-vae-config.ts';
import { behaviour, codes, file, levels, width } from './shared-config.ts';

/** Latent semantic analysis of the table of items. */
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

/** The vectors of items of this package, by kind. */
export const vectorsSchemas = { lsa, behaviour, file } as const;
type VectorsSchema = (typeof vectorsSchemas)[keyof typeof vectorsSchemas];
/** A validated configuration of vectors of items of this package; those of others have a `kind` as well. */
export type VectorsConfig = z.output<VectorsSchema>;
/** The same as people write it. */
export type VectorsConfigInput = z.input<VectorsSchema>;

const steps = size.max(10_000).default(25).describe('Lloyd steps at most.');

/** The tokenizers of this package, by kind. */
export const tokenizerSchemas = {
  'residual-k-means': z
    .strictObject({
      kind: z.literal('residual-k-means'),
      ...{ levels, codes, steps },
      normalize: z.boolean().default(false).describe('Divide what is left by its length before each level, as GRID.'),
      balanced: z.boolean().default(false).describe('At most `ceil(N / K)` items a code of a level.'),
    })
    .describe('RQ-k-means: k-means of the vectors, then of what each level leaves.'),
  'rq-vae': rqVaeSchema,
  hierarchical: z
    .strictObject({ kind: z.literal('hierarchical'), levels, codes, steps })
    .describe('Hierarchical k-means: each level cuts the clusters of the one before.'),
  product: z
    .strictObject({ kind: z.literal('product'), levels, codes, steps })
    .describe('Product quantisation: k-means of each group of columns.'),
  lsh: z
    .strictObject({
      kind: z.literal('lsh'),
      levels,
      bits: z.int().min(1).max(16).default(8).describe('Hyperplanes of a level: it has `2^bits` codes.'),
    })
    .describe('Random hyperplanes.'),
  random: z.strictObject({ kind: z.literal('random'), levels, codes }).describe('Codes by chance, no two items alike.'),
  atomic: z.strictObject({ kind: z.literal('atomic') }).describe('One code an item: a plain model of sequences.'),
  file: z
    .strictObject({
      kind: z.literal('file'),
      path: z.string().min(1).describe('A delimited file: a header, then the item and its codes.'),
    })
    .describe('Codes that were made elsewhere.'),
} as const;

/** The kinds of tokenizer of this package. */
export type TokenizerKind = keyof typeof tokenizerSchemas;
type SchemaOf<K extends TokenizerKind> = (typeof tokenizerSchemas)[K];
/** A validated configuration of a tokenizer of this package; those of others have a `kind` as well. */
export type TokenizerConfig = z.output<SchemaOf<TokenizerKind>>;
/** The same as people write it. */
export type TokenizerConfigInput = z.input<SchemaOf<TokenizerKind>>;
