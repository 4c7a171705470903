import { z } from 'zod';
import { size, temperature } from '../../config/fields.ts';
import type { DenseSizes } from './sizes.ts';

const codes = z.int().min(0).max(16);

/** `task.dense` of a configuration: vectors of items beside their codes. */
export const denseSchema = z
  .strictObject({
    weight: z.number().min(0).max(1e3).default(1).describe('Times which the loss of vectors is added; 0: no vectors.'),
    vectors: z
      .enum(['content', 'table', 'both'])
      .default('content')
      .describe(
        'Vectors of items: of `content`, a learned map of those that the ids are made from, which items without an event have too; a learned `table`; or the sum of `both`.',
      ),
    width: size.max(4096).default(128).describe('Width of the vectors that are compared.'),
    after: codes
      .default(0)
      .describe(
        'Codes of the next item after which its vector is made: 0 at the end of the history, as LIGER; `p` inside a prefix of `p` codes, as COBRA.',
      ),
    temperature: temperature.default(0.05).describe('What cosines are divided by.'),
    levels: z
      .union([codes, z.literal('all')])
      .default('all')
      .describe(
        'In decoding: codes that beams write; all items under their prefixes are ranked. 0: vectors alone; `all`: the codes of items.',
      ),
    mix: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe(
        'In decoding: share of the codes in a score, `mix log p(codes) + (1 - mix) log p(item | prefix)`; 1: codes alone, 0: vectors alone.',
      ),
    cold: z
      .boolean()
      .default(false)
      .describe('In decoding: items without a training event are ranked besides what beams find; with `mix` 0.'),
  })
  .superRefine(({ weight, mix, levels, after, cold, vectors }, context) => {
    const wrong = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (weight === 0 && mix !== 1) wrong('mix', 'expected 1 with weight 0, which learns no vectors');
    if (mix === 1 && levels !== 'all')
      wrong('levels', 'expected all with mix 1, by which items of one prefix are equal');
    if (levels !== 'all' && levels < after)
      wrong('levels', `expected at least after, ${after}, as vectors are made of prefixes that are written`);
    if (cold && (mix !== 0 || after !== 0))
      wrong(
        'cold',
        `expected false unless mix and after are 0, here ${mix} and ${after}, as no beam has written these items`,
      );
    if (cold && vectors !== 'content')
      wrong(
        'cold',
        `expected false unless vectors is content, here ${vectors}: rows of a table without an event are what they began as`,
      );
  })
  .describe('Vectors of items, learned and ranked by beside their codes (LIGER, COBRA); of encoders. Default: none.');

export type DenseConfig = z.output<typeof denseSchema>;

/** What such vectors are made of. @param content width of the vectors of content, where they are read. */
export function denseSizes({ width, vectors }: DenseConfig, items: number, content: number | undefined): DenseSizes {
  return { items, width, table: vectors !== 'content', ...(vectors !== 'table' && { content }) };
}
