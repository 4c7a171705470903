// The sizes at which a kernel changes its way, from the kernels' own constants, and the values around them.
import { readFileSync } from 'node:fs';
import { BLOCK, fitsScratch, RANGES, WEIGHT_BYTES } from '../../src/backends/simd/kernels/row-blocks.ts';
import { CHUNK } from '../../src/backends/simd/kernels/support.ts';
import { pairwise } from './pairs.ts';

/** A constant of the AssemblyScript kernels, which TypeScript cannot import. */
function constant(file: string, name: string): number {
  const source = new URL(`../../src/backends/simd/assembly/${file}.ts`, import.meta.url);
  const found = new RegExp(`const ${name}: (?:i32|usize) = ([0-9]+)(?: \\* ([0-9]+))?;`).exec(
    readFileSync(source, 'utf8'),
  );
  if (found === null) throw new Error(`edges: expected a constant ${name} in assembly/${file}.ts; got none`);
  return Number(found[1]) * Number(found[2] ?? 1);
}

/** Rows of a tile of the micro-kernels, columns of a panel and of a tile, lanes of a vector. */
export const TILE_ROWS = constant('micro', 'TILE_M');
export const PANEL_COLUMNS = constant('micro', 'TILE_N');
export const TILE_COLUMNS = 2 * PANEL_COLUMNS;
export const LANES = 4;
/** Rows that are multiplied, and used, before the next; steps of K that keep a panel of B in the cache. */
export const STRIP = constant('row-products', 'STRIP');
export const BLOCK_K = constant('row-products', 'BLOCK_K');
/**
 * Queries of a panel of attention, keys of a block of scores, queries of a block of the backward
 * pass, buckets of a histogram.
 */
export const PANEL = constant('attention-tile', 'PANEL');
export const KEYS = constant('attention-tile', 'KEYS');
export const QUERIES = constant('attention-square', 'QUERIES');
export const HISTOGRAM_BUCKETS = constant('attention-bias', 'HISTOGRAM_BUCKETS');
/** Items of a block of scores; sequences of a task of the recurrence; rows whose dropout factors are made together. */
export const RANKED_ITEMS = constant('ranking', 'BLOCK');
export const SEQUENCES = constant('gated-recurrence', 'ROWS');
export const TOKEN_ROWS = constant('embed-tokens', 'ROWS');
/** Items and queries of a block of scores of `logSumExpScores`. */
export const SCORED_ITEMS = constant('score-sums', 'ITEM_BLOCK');
export const SCORED_QUERIES = constant('score-sums', 'QUERY_BLOCK');
export const LIBRARY_ITEMS = constant('score-sums', 'LIBRARY_ITEM_BLOCK');
export const LIBRARY_QUERIES = constant('score-sums', 'LIBRARY_QUERY_BLOCK');
/** Elements whose dropout factors are made at a time. */
export const DROPOUT_RUN = constant('dropout', 'RUN');
export { BLOCK, CHUNK, WEIGHT_BYTES };

/** Numbers of a stream's first word around a block and a run of words; so that both halves of the counter overflow. */
export const firstEdges: readonly number[] = [
  0,
  1,
  2,
  3,
  4,
  5,
  31,
  32,
  33,
  2 ** 32 - 7,
  2 ** 34 - 130,
  2 ** 34 - 32,
  2 ** 52 - 2 ** 30,
];
/** The same for attention, which counts rows and heads in one word. */
export const firstRowEdges: readonly number[] = [0, 1, 2, 3, 4, 5, 2 ** 31 - 7, 2 ** 32 - 2 ** 20];

/** The values on both sides of a size, and itself. */
export const around = (size: number): number[] => [size - 1, size, size + 1];

const ascending = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/**
 * Columns: vectors, pairs of vectors, tiles; one, two, three, four and five columns past a tile, which
 * kernels take in ways of their own; rows whose lines would share few sets of the cache (multiples of 64);
 * a K of more than one block.
 */
export const widthEdges: readonly number[] = ascending([
  ...[1, LANES, LANES + 1, PANEL_COLUMNS, PANEL_COLUMNS + 1],
  ...around(TILE_COLUMNS),
  ...[2, 3, 4, 5].map((rest) => TILE_COLUMNS + rest),
  ...[50, 64, BLOCK_K + 1],
]);

/** Rows: a tile, a strip, a block, a range of more than one block. */
export const rowEdges: readonly number[] = ascending([
  ...[1, TILE_ROWS, TILE_ROWS + 1],
  ...around(STRIP),
  ...around(BLOCK),
  ...[BLOCK - TILE_ROWS, 2 * BLOCK + 1],
]);

/** More rows than there are blocks in all ranges: then a range has two. */
export const MANY_ROWS = RANGES * BLOCK + 1;

/** More columns make a weight of `width` rows too large to be summed by ranges. */
export const widestWeight = (width: number): number => Math.floor(WEIGHT_BYTES / 4 / width);

/** The most columns beside `width` with which a block of rows fits scratch memory. */
export function widestBlock(width: number): number {
  let columns = 1;
  while (fitsScratch(width, columns + TILE_COLUMNS)) columns += TILE_COLUMNS;
  while (fitsScratch(width, columns + 1)) columns++;
  return columns;
}

/** A problem's own seed of values: the same for all seeds of the drawn problems. */
const EDGE_SEED = 20_230_915;

/** Pairwise edges with a seed each, and problems at limits that only one pair of sizes reaches. */
export function edgesOf<P extends { readonly seed: number }>(
  values: { readonly [K in Exclude<keyof P, 'seed'>]: readonly P[K][] },
  limits: readonly Omit<P, 'seed'>[] = [],
): P[] {
  const pairs = pairwise<Omit<P, 'seed'>>(values as never);
  return [...pairs, ...limits].map((problem, i) => ({ ...problem, seed: EDGE_SEED + i }) as unknown as P);
}
