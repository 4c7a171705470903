import { z } from 'zod';
import { collisionRules } from './codes/unique-codes.ts';
import { knownTokenizerSchema } from './tokenizers/registry.ts';
import './vectors/own-vectors.ts';
import { knownItemVectorsSchema } from './vectors/registry.ts';

/** How items get their codes, by any vectors and any tokenizer that are known by now. */
export function semanticIdsSchema() {
  const vectors = knownItemVectorsSchema();
  return z.strictObject({
    vectors: z
      .array(vectors)
      .min(1)
      .default([vectors.parse({ kind: 'lsa' })])
      .describe(
        'Vectors of the items, each of length 1; several stand side by side. Not read by `random`, `atomic`, `file`.',
      ),
    standardise: z.boolean().default(false).describe('Every column of the vectors with mean 0 and variance 1.'),
    tokenizer: knownTokenizerSchema().prefault({ kind: 'residual-k-means' }).describe('What makes codes of vectors.'),
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
}

export type SemanticIdsConfig = z.output<ReturnType<typeof semanticIdsSchema>>;
export type SemanticIdsConfigInput = z.input<ReturnType<typeof semanticIdsSchema>>;
