import { ConfigError } from '../../errors.ts';
import type { Codes } from '../tokenizers/tokenizer.ts';

/** Runs of neighbouring codes of items, learned by byte-pair encoding over symbols that carry their level. */
export interface CodePieces {
  /** Every symbol and every merged run, as text: `level.code` of each of its codes, apart by a space. */
  readonly pieces: readonly string[];
  /** Pairs of pieces that became one, the first one first. */
  readonly merges: readonly (readonly [string, string])[];
  /** The pieces of each row of codes, in the order of its levels. */
  segment(codes: Codes): string[][];
}

/**
 * Fits pieces: starting from all symbols `(level, code)`, the pair of neighbours with the largest weighted count
 * becomes a piece, until there are `size` of them or no pair is left. Of equal counts the pair that is first by its
 * text. Single symbols stay, so that a new item always has pieces.
 *
 * Source: Sennrich et al. 2016 (arXiv:1508.07909), over semantic ids as in Singh et al. 2023 (arXiv:2306.08121).
 *
 * @param weights of the rows, as their impressions; default 1.
 * @throws ConfigError for fewer pieces than there are symbols.
 */
export function fitPieces(codes: Codes, size: number, weights?: ArrayLike<number>): CodePieces {
  const symbols = codes.sizes.flatMap((count, level) => Array.from({ length: count }, (_, code) => `${level}.${code}`));
  if (size < symbols.length)
    throw new ConfigError(
      `semantic ids: pieces: expected at least ${symbols.length}, a piece for each code of each level; got ${size}`,
      'pieces',
    );
  const words = symbolsOf(codes);
  const merges: (readonly [string, string])[] = [];
  while (symbols.length + merges.length < size) {
    const counts = new Map<string, { readonly pair: readonly [string, string]; weight: number }>();
    for (const [row, word] of words.entries()) {
      for (let i = 0; i + 1 < word.length; i++) {
        const key = `${word[i]}|${word[i + 1]}`;
        const known = counts.get(key);
        if (known === undefined) counts.set(key, { pair: [word[i], word[i + 1]], weight: weights?.[row] ?? 1 });
        else known.weight += weights?.[row] ?? 1;
      }
    }
    let best: string | undefined;
    for (const [key, { weight }] of counts) {
      const most = best === undefined ? 0 : counts.get(best)!.weight;
      if (weight > most || (weight === most && weight > 0 && best !== undefined && key < best)) best = key;
    }
    if (best === undefined) break;
    const { pair } = counts.get(best)!;
    merges.push(pair);
    for (const word of words) merge(word, pair);
  }
  return piecesOf(codes.sizes, merges);
}

/** Pieces from their merges. */
export function piecesOf(sizes: readonly number[], merges: readonly (readonly [string, string])[]): CodePieces {
  const symbols = sizes.flatMap((count, level) => Array.from({ length: count }, (_, code) => `${level}.${code}`));
  return {
    pieces: [...symbols, ...merges.map((pair) => pair.join(' '))],
    merges,
    segment(codes) {
      const words = symbolsOf(codes);
      for (const word of words) for (const pair of merges) merge(word, pair);
      return words;
    },
  };
}

function symbolsOf({ count, sizes, values }: Codes): string[][] {
  return Array.from({ length: count }, (_, row) =>
    sizes.map((_, level) => `${level}.${values[row * sizes.length + level]}`),
  );
}

/** A level is in a row once, so that a pair is. */
function merge(word: string[], [left, right]: readonly [string, string]): void {
  const at = word.indexOf(left);
  if (at >= 0 && word[at + 1] === right) word.splice(at, 2, `${left} ${right}`);
}
