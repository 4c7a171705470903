import { ConfigError } from '../../errors.ts';
import type { Codes } from '../tokenizers/tokenizer.ts';
import { mergePair, PairWeights } from './pair-weights.ts';

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
  const pairs = new PairWeights(symbolsOf(codes), weights);
  const merges: (readonly [string, string])[] = [];
  while (symbols.length + merges.length < size) {
    const best = pairs.heaviest();
    if (best === undefined) break;
    merges.push(best);
    pairs.merge(best);
  }
  return piecesOf(codes.sizes, merges);
}

/** Pieces from their merges. */
export function piecesOf(sizes: readonly number[], merges: readonly (readonly [string, string])[]): CodePieces {
  const symbols = sizes.flatMap((count, level) => Array.from({ length: count }, (_, code) => `${level}.${code}`));
  const rankOf = new Map(merges.map((pair, rank) => [pair.join('|'), rank]));
  return {
    pieces: [...symbols, ...merges.map((pair) => pair.join(' '))],
    merges,
    segment(codes) {
      const words = symbolsOf(codes);
      for (const word of words) {
        // What a merge makes is in later ones alone: the first of those that a word has is the next in their order.
        for (let next = firstMerge(word, rankOf); next !== undefined; next = firstMerge(word, rankOf))
          mergePair(word, merges[next]);
      }
      return words;
    },
  };
}

function firstMerge(word: readonly string[], rankOf: ReadonlyMap<string, number>): number | undefined {
  let first: number | undefined;
  for (let i = 0; i + 1 < word.length; i++) {
    const rank = rankOf.get(`${word[i]}|${word[i + 1]}`);
    if (rank !== undefined && (first === undefined || rank < first)) first = rank;
  }
  return first;
}

function symbolsOf({ count, sizes, values }: Codes): string[][] {
  return Array.from({ length: count }, (_, row) =>
    sizes.map((_, level) => `${level}.${values[row * sizes.length + level]}`),
  );
}
