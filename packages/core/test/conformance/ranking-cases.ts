import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  type CandidateOptions,
  exactRanks,
  integers,
  NumericError,
  offsetsOf,
  rankCounts,
  streamKey,
  topItems,
  topItemTensors,
} from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { ints, seeds, widths } from './arbitraries.ts';
import type { Arrays, KernelCase, Tensors } from './compare.ts';
import { around, edgesOf, RANKED_ITEMS, TILE_ROWS, widthEdges } from './edges.ts';

export interface RankingProblem {
  readonly queries: number;
  readonly width: number;
  readonly items: number;
  /** Excluded ids a query, at most; repeats occur. */
  readonly excluded: number;
  readonly firstItem: number;
  /** Whether each query has a last candidate of its own. */
  readonly limited: boolean;
  readonly places: number;
  /** Numbers are drawn from `-range .. range`; with 0 all candidates tie. */
  readonly range: number;
  readonly seed: number;
}

const problems: fc.Arbitrary<RankingProblem> = fc.record({
  queries: fc.oneof(fc.constantFrom(0, 1, 6, 7, 49), fc.integer({ min: 0, max: 60 })),
  width: widths,
  // Around the block of 64 items, and several ranges of 512.
  items: fc.oneof(
    fc.constantFrom(2, 8, 63, 64, 65, 513),
    fc.integer({ min: 2, max: 200 }),
    fc.integer({ min: 500, max: 3000 }),
  ),
  excluded: fc.oneof(fc.constantFrom(0, 1, 200), fc.integer({ min: 0, max: 12 })),
  firstItem: fc.constantFrom(0, 1),
  limited: fc.boolean(),
  places: fc.oneof(fc.constantFrom(1, 2, 10), fc.integer({ min: 1, max: 70 })),
  range: fc.oneof({ arbitrary: fc.constant(2), weight: 4 }, { arbitrary: fc.constant(0), weight: 1 }),
  seed: seeds,
});

const edges = (): RankingProblem[] =>
  edgesOf<RankingProblem>({
    queries: [0, 1, ...around(TILE_ROWS), ...around(48), 97],
    width: widthEdges,
    items: [2, 8, ...around(RANKED_ITEMS), ...around(8 * RANKED_ITEMS), 1300, 3000],
    excluded: [0, 1, 200],
    firstItem: [0, 1],
    limited: [false, true],
    places: [1, 2, 10, 70, 150],
    range: [2, 0],
  });

/**
 * Small integers, so that every score is exact in any order of summation and ties abound: ranks
 * must be equal, not close.
 */
function arrays({ queries, width, items, range, seed }: RankingProblem): Arrays {
  return {
    queries: { shape: [queries, width], values: Float32Array.from(ints(seed, 0, queries * width, -range, range)) },
    items: { shape: [items, width], values: Float32Array.from(ints(seed, 1, items * width, -range, range)) },
  };
}

function candidatesOf({ queries, items, excluded, firstItem, limited, seed }: RankingProblem) {
  const offsets = offsetsOf(ints(seed, 2, queries, 0, excluded));
  const ids = ints(seed, 3, offsets[queries], 0, items - 1);
  const last = limited ? ints(seed, 4, queries, firstItem, items - 1) : undefined;
  const targets = Int32Array.from({ length: queries }, (_, b) => {
    const [drawn] = ints(seed, 100 + b, 1, 0, 2 ** 30);
    return firstItem + (drawn % ((last?.[b] ?? items - 1) - firstItem + 1));
  });
  return { excluded: { offsets, ids }, last, targets, firstItem };
}

function options(problem: RankingProblem, { queries, items }: Tensors): CandidateOptions & { targets: Int32Array } {
  return { queries, items, ...candidatesOf(problem) };
}

function reference(problem: RankingProblem, { queries, items }: Arrays): ref.RankingInput {
  const { excluded, last, firstItem } = candidatesOf(problem);
  const { offsets: excludedOffsets, ids: excludedIds } = excluded;
  const { width } = problem;
  return {
    queries: queries.values,
    items: items.values,
    excludedOffsets,
    excludedIds,
    last: last ?? [],
    width,
    firstItem,
  };
}

export const rankCountsCase: KernelCase<RankingProblem> = {
  name: 'rankCounts',
  kernels: ['RankCounts'],
  bounds: { output: 0, gradients: 0 },
  problem: problems,
  edges,
  arrays,
  run: (problem, tensors) => rankCounts(options(problem, tensors)),
  reference: (problem, arrays) => ({
    output: ref.rankCounts(reference(problem, arrays), candidatesOf(problem).targets),
    gradients: {},
  }),
};

/** Scores and ids side by side; a free place has a score of -1e6 here, since an infinity has no error. */
export const topItemsCase: KernelCase<RankingProblem> = {
  name: 'topItems',
  kernels: ['TopItems'],
  bounds: { output: 0, gradients: 0 },
  problem: problems,
  edges,
  arrays,
  run: (problem, tensors) =>
    tf.tidy(() => {
      const [scores, ids] = topItemTensors({ ...options(problem, tensors), k: problem.places });
      return tf.concat([tf.maximum(scores, -1e6), tf.cast(ids, 'float32')], 1);
    }),
  reference: (problem, arrays) => {
    const { places } = problem;
    const { scores, ids } = ref.topItems(reference(problem, arrays), places);
    const output = Float64Array.from({ length: 2 * ids.length }, (_, i) => {
      const [b, place] = [Math.floor(i / (2 * places)), i % (2 * places)];
      return place < places ? Math.max(scores[b * places + place], -1e6) : ids[b * places + place - places];
    });
    return { output, gradients: {} };
  },
};

/**
 * Lists of several ranges of items, each cut several times, among few scores: of equal ones the lower ids are in the
 * list, whatever range they lie in and whatever order a list has them in.
 */
export async function checkTiesOfRanges(): Promise<void> {
  // The first four are draws in which a comparison of scores alone, in place of keys, gives another list.
  for (const [seed, numItems, most, k] of [
    [21, 7299, 40, 20],
    [142, 5498, 200, 5],
    [173, 10_987, 1000, 3],
    [393, 13_167, 40, 20],
    [1, 20_000, 1, 300],
    [2, 20_000, 200, 100],
  ]) {
    const values = Float32Array.from(integers(streamKey(seed, 'x'), 0, numItems, 0, most));
    const best = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
    const tensors = { queries: tf.ones([7, 1]), items: tf.tensor2d(values, [numItems, 1]) };
    const { ids } = await topItems({ ...tensors, k });
    tf.dispose(tensors);
    for (const [i, id] of ids.entries())
      if (id !== best[i % k])
        throw new Error(`topItems: expected item ${best[i % k]} at place ${i % k} of ${k}; got ${id}`);
  }
}

/**
 * A NaN has no place in an order: ranks and lists refuse it and say which query; one of an
 * excluded item does not count.
 */
export async function checkUndefinedScores(): Promise<void> {
  const width = 5;
  const numItems = 700;
  const nan = 600;
  const values = Float32Array.from(ints(7, 1, numItems * width, -2, 2));
  values[nan * width + 3] = Number.NaN;
  const tensors = { queries: tf.ones([8, width]), items: tf.tensor2d(values, [numItems, width]) };
  const targets = Int32Array.from({ length: 8 }, (_, b) => b + 1);
  // All but query 6 leave the item out.
  const lengths = Int32Array.from({ length: 8 }, (_, b) => (b === 6 ? 0 : 1));
  const excluded = { offsets: offsetsOf(lengths), ids: new Int32Array(7).fill(nan) };
  const everywhere = { offsets: Int32Array.from({ length: 9 }, (_, b) => b), ids: new Int32Array(8).fill(nan) };
  for (const [op, run] of [
    ['exactRanks', (x: typeof excluded) => exactRanks({ ...tensors, targets, excluded: x })],
    ['topItems', (x: typeof excluded) => topItems({ ...tensors, k: 3, excluded: x })],
  ] as const) {
    await run(everywhere);
    const error: unknown = await run(excluded).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    if (!(error instanceof NumericError) || error.row !== 6)
      throw new Error(`${op}: expected a NumericError for query 6; got ${String(error)}`);
  }
  tf.dispose(tensors);
}
