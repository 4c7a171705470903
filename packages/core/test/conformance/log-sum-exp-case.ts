import fc from 'fast-check';
import { logSumExpScores, MASKED_SCORE } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { floats, ints, rowCounts, seeds, widths } from './arbitraries.ts';
import type { KernelCase } from './compare.ts';
import {
  around,
  edgesOf,
  LIBRARY_ITEMS,
  LIBRARY_QUERIES,
  SCORED_ITEMS,
  SCORED_QUERIES,
  TILE_ROWS,
  widthEdges,
} from './edges.ts';

export interface LogSumExpProblem {
  readonly queries: number;
  readonly width: number;
  readonly items: number;
  readonly biased: boolean;
  /** With a bias, so many of the first items have one of `-Infinity`; some item is left. Default: none. */
  readonly closed?: number;
  /** Groups of queries with a mask of their own; 0: none. */
  readonly groups: number;
  /** Scores are about normal with this deviation. */
  readonly spread: number;
  readonly seed: number;
}

const problems: fc.Arbitrary<LogSumExpProblem> = fc.record({
  queries: fc.oneof({ arbitrary: rowCounts, weight: 3 }, fc.integer({ min: 90, max: 220 })),
  width: widths,
  items: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 80, max: 300 })),
  biased: fc.boolean(),
  closed: fc.constantFrom(0, 0, 1, SCORED_ITEMS, 2 * SCORED_ITEMS + 3),
  groups: fc.constantFrom(0, 1, 3),
  spread: fc.constantFrom(0.5, 4, 20),
  seed: seeds,
});

/** Every third item is masked for a group, the last never: each query keeps one. */
function maskOf({ groups, items, seed }: LogSumExpProblem): Float32Array {
  const drawn = ints(seed, 3, groups * items, 0, 2);
  return Float32Array.from(drawn, (x, i) => (x === 0 && i % items !== items - 1 ? MASKED_SCORE : 0));
}

export const logSumExpScoresCase: KernelCase<LogSumExpProblem> = {
  name: 'logSumExpScores',
  kernels: ['LogSumExpScores', 'LogSumExpScoresGrad'],
  // A score of about 80 is rounded by 8e-6, which is that much of a weight of the softmax; more where a native library
  // adds up 257 products in one order.
  bounds: { output: 2e-6, gradients: 4e-5 },
  floor: ({ spread, width }, tensor) => (tensor === 'output' ? 1 : spread ** 0.5 * width ** -0.25),
  problem: problems,
  edges: () =>
    edgesOf<LogSumExpProblem>(
      {
        queries: [0, 1, ...around(TILE_ROWS), ...around(SCORED_QUERIES), 2 * SCORED_QUERIES + 1],
        width: widthEdges,
        items: [1, 2, 8, 9, ...around(SCORED_ITEMS - 8), ...around(SCORED_ITEMS), 2 * SCORED_ITEMS + 17],
        biased: [false, true],
        closed: [0],
        groups: [0, 1, 3],
        spread: [0.5, 20],
      },
      // So many blocks of items that the queries are not cut into slices.
      [
        { queries: 200, width: 8, items: 16 * SCORED_ITEMS + 5, biased: true, groups: 2, spread: 4 },
        // As many queries as make whole blocks of them in each task.
        { queries: 1700, width: 17, items: 2 * SCORED_ITEMS + 17, biased: true, groups: 3, spread: 4 },
        { queries: 1700, width: 48, items: SCORED_ITEMS, biased: false, groups: 0, spread: 4 },
        // Whole blocks of items without weight before the first that has one.
        ...[SCORED_ITEMS, 2 * SCORED_ITEMS, LIBRARY_ITEMS].map((closed) => ({
          ...{ queries: 7, width: 8, items: closed + 5, biased: true, closed, groups: 0, spread: 4 },
        })),
        // The blocks of a native library, whole and not.
        ...[LIBRARY_QUERIES - 1, LIBRARY_QUERIES, LIBRARY_QUERIES + 1, 5 * LIBRARY_QUERIES + 7].flatMap((queries) =>
          [LIBRARY_ITEMS - 1, LIBRARY_ITEMS, 2 * LIBRARY_ITEMS + 9].map((items) => ({
            ...{ queries, items, width: 20, biased: items % 2 === 0, groups: queries % 2 === 0 ? 0 : 2, spread: 4 },
          })),
        ),
      ],
    ),
  arrays: (problem) => {
    const { queries, width, items, groups, closed = 0, spread, seed } = problem;
    const each = spread ** 0.5 * width ** -0.25;
    return {
      queries: { shape: [queries, width], values: floats(seed, 0, queries * width, each) },
      items: { shape: [items, width], values: floats(seed, 1, items * width, each) },
      bias: {
        shape: [items],
        values: floats(seed, 2, items).fill(Number.NEGATIVE_INFINITY, 0, Math.min(closed, items - 1)),
      },
      mask: { shape: [groups, items], values: maskOf(problem) },
      groups: { shape: [queries], values: ints(seed, 4, queries, 0, Math.max(0, groups - 1)) },
    };
  },
  run: ({ biased, groups: count }, { queries, items, bias, mask, groups }) =>
    logSumExpScores({
      queries,
      items,
      ...(biased && { bias }),
      ...(count > 0 && { mask: { values: mask, groups } }),
    }),
  reference: ({ width, biased, groups: count }, arrays, dy) => {
    const input = {
      queries: arrays.queries.values,
      items: arrays.items.values,
      bias: biased ? arrays.bias.values : [],
      mask: count > 0 ? arrays.mask.values : [],
      groups: arrays.groups.values,
      width,
    };
    const { dQueries, dItems } = ref.logSumExpScoresGrad(input, dy);
    return { output: ref.logSumExpScores(input), gradients: { queries: dQueries, items: dItems } };
  },
};
