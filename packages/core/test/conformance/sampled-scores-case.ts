import fc from 'fast-check';
import { sampledScores } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { floats, ints, rowCounts, seeds, widths } from './arbitraries.ts';
import type { KernelCase } from './compare.ts';
import { around, edgesOf } from './edges.ts';

export interface SampledScoresProblem {
  readonly queries: number;
  readonly width: number;
  readonly items: number;
  /** Ids a query. */
  readonly each: number;
  readonly seed: number;
}

const problems: fc.Arbitrary<SampledScoresProblem> = fc.record({
  queries: rowCounts,
  width: widths,
  items: fc.integer({ min: 1, max: 40 }),
  each: fc.integer({ min: 0, max: 20 }),
  seed: seeds,
});

export const sampledScoresCase: KernelCase<SampledScoresProblem> = {
  name: 'sampledScores',
  kernels: ['SampledScores', 'SampledScoresGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  // Terms of sums of about normal numbers.
  floor: ({ width, each }, tensor) => (tensor === 'output' ? width ** 0.5 : Math.max(1, each) ** 0.5),
  problem: problems,
  edges: () =>
    edgesOf<SampledScoresProblem>(
      {
        // A task has 64 queries.
        queries: [0, 1, 2, ...around(64), 129],
        // Strips of 64, 56, 32 and 8 columns, alone and after others.
        width: [1, 7, 8, 9, 32, 50, 56, 57, 64, 65, 88, 96, 120, 128, 192, 224, 257],
        items: [1, 2, 6, 500],
        each: [0, 1, ...around(4), ...around(8), 40],
      },
      // Vectors of 4.3 million floats: two blocks of the composed kernels.
      [{ queries: 600, width: 16, items: 30, each: 450 }],
    ),
  arrays: ({ queries, width, items, each, seed }) => ({
    queries: { shape: [queries, width], values: floats(seed, 0, queries * width) },
    items: { shape: [items, width], values: floats(seed, 1, items * width) },
    ids: { shape: [queries, each], values: ints(seed, 2, queries * each, 0, items - 1) },
  }),
  run: (_, { queries, items, ids }) => sampledScores(queries, items, ids),
  reference: ({ width, each }, arrays, dy) => {
    const input = {
      ...{ queries: arrays.queries.values, items: arrays.items.values, ids: arrays.ids.values },
      ...{ width, each },
    };
    const { dQueries, dItems } = ref.sampledScoresGrad(input, dy);
    return { output: ref.sampledScores(input), gradients: { queries: dQueries, items: dItems } };
  },
};
