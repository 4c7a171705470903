import { ConfigError } from '../../errors.ts';
import type { Codes } from '../tokenizers/tokenizer.ts';

/** The first codes of each row, one term a depth: `1:17`, `2:17.3`, `3:17.3.201`. Rows with equal codes share them. */
export function prefixTerms({ count, sizes, values }: Codes): string[][] {
  return Array.from({ length: count }, (_, row) => {
    const own = values.subarray(row * sizes.length, (row + 1) * sizes.length);
    return sizes.map((_, level) => `${level + 1}:${own.subarray(0, level + 1).join('.')}`);
  });
}

/**
 * Neighbouring codes in groups of `n` that do not overlap, one term a group: `0:17.3`, `1:201.5`. With `n` 1 each code
 * by itself.
 *
 * Source: Singh et al. 2023 (arXiv:2306.08121).
 *
 * @throws ConfigError for an `n` that does not divide the levels.
 */
export function groupTerms({ count, sizes, values }: Codes, n: number): string[][] {
  const levels = sizes.length;
  if (levels % n !== 0)
    throw new ConfigError(
      `semantic ids: n: expected a divisor of the ${levels} codes of an item, so that groups are of one length; got ${n}`,
      'n',
    );
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: levels / n }, (_, g) => {
      const from = row * levels + g * n;
      return `${g}:${values.subarray(from, from + n).join('.')}`;
    }),
  );
}
