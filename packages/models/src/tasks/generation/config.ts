import { z } from 'zod';
import { count } from '../../config/fields.ts';
import { codeMasks } from '../../generators/beams.ts';
import { type DenseConfig, denseSchema } from '../../generators/dense/config.ts';
import { semanticIdsSchema } from '../../semantic-ids/schema.ts';
import { languageConfigSchema } from './language-config.ts';

/** `task` of a configuration: items are written code by code, by any tokenizer that is known by now. */
export function generationConfigSchema() {
  return z
    .strictObject({
      kind: z.literal('generation'),
      ids: semanticIdsSchema()
        .optional()
        .describe(
          'Semantic ids that are fitted to the items before training, as `seqrec ids fit` does; default: its defaults.',
        ),
      idsFile: z
        .string()
        .min(1)
        .optional()
        .describe('A file of semantic ids in the place of `ids`: what `seqrec ids fit` writes.'),
      beams: z
        .union([count, z.literal('all')])
        .default(50)
        .describe('Prefixes kept of each history in decoding; `all` ranks every item exactly.'),
      mask: z
        .enum(codeMasks)
        .default('after')
        .describe(
          'Codes that no item has are left out `after` the softmax, of the probabilities, or `before` it, which are then renormalised.',
        ),
      debias: z
        .number()
        .min(0)
        .max(100)
        .default(0)
        .describe(
          'In decoding the score of an item is less so many times the logarithm of its share of the training events (one more each): less popular items come forward.',
        ),
      dense: denseSchema.optional(),
      language: languageConfigSchema.optional(),
    })
    .refine(({ dense, language }) => dense === undefined || language === undefined, {
      path: ['dense'],
      message: 'expected none with language, whose templates learn codes and words alone',
    })
    .refine(({ dense, debias }) => dense === undefined || dense.weight === 0 || dense.mix === 1 || debias === 0, {
      path: ['debias'],
      message: 'expected 0 with dense, whose vectors have no share of the training events',
    })
    .refine(({ ids, idsFile }) => ids === undefined || idsFile === undefined, {
      path: ['idsFile'],
      message: 'expected one of ids and idsFile',
    })
    .describe(
      'The codes of the next item, one after the other, under the section `objective`, which is a full softmax.',
    );
}

export type GenerationConfig = z.output<ReturnType<typeof generationConfigSchema>>;

/** The vectors that a task of generation has beside codes; nothing where they have no weight. */
export function denseOf({ dense }: Pick<GenerationConfig, 'dense'>): DenseConfig | undefined {
  return dense === undefined || dense.weight === 0 ? undefined : dense;
}
