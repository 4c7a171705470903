import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ints, runs } from '../../../../test/conformance/arbitraries.ts';
import { probe } from '../../../../test/conformance/backends.ts';
import { runProblem } from '../../../../test/conformance/compare.ts';
import { checkUndefinedScores, rankCountsCase } from '../../../../test/conformance/ranking-cases.ts';
import { explainKernels, rankCounts } from '../../../index.ts';
import * as ref from '../../../reference/index.ts';

// A software driver on a busy machine takes long.
vi.setConfig({ testTimeout: 300_000 });

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(absent === undefined ? 'rank counts' : `rank counts (absent: ${absent})`, () => {
  beforeAll(async () => {
    await tf.setBackend('webgpu');
  });

  it('are those of the reference, ties by the side of their id', async () => {
    await fc.assert(
      fc.asyncProperty(rankCountsCase.problem, (problem) => runProblem(rankCountsCase, problem)),
      runs(15),
    );
    expect(explainKernels(['webgpu']).find(({ kernel }) => kernel === 'RankCounts')?.backends.webgpu).toBe('fused');
  });

  it('tell a NaN, unless its item is excluded', checkUndefinedScores);

  it('infinite scores are ordered; an infinite goal is undefined', async () => {
    const items = tf.tensor2d([Number.POSITIVE_INFINITY, 1, 2, Number.NEGATIVE_INFINITY, 2], [5, 1]);
    const counts = rankCounts({ queries: tf.ones([3, 1]), items, targets: Int32Array.of(2, 0, 4) });
    expect(Array.from(await counts.data())).toEqual([1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0]);
  });

  it('more queries than a block of scores holds', async () => {
    const [numQueries, numItems, width] = [45, 200_000, 2];
    const [queries, items] = [ints(1, 1, numQueries * width, -9, 9), ints(1, 2, numItems * width, -9, 9)];
    const targets = ints(1, 3, numQueries, 1, numItems - 1);
    // Two of each query, one of them twice.
    const offsets = Int32Array.from({ length: numQueries + 1 }, (_, b) => 3 * b);
    const ids = ints(1, 4, 3 * numQueries, 0, numItems - 1).map((id, s, all) => (s % 3 === 2 ? all[s - 1] : id));
    const tensors = {
      queries: tf.tensor2d(Float32Array.from(queries), [numQueries, width]),
      items: tf.tensor2d(Float32Array.from(items), [numItems, width]),
    };
    const before = tf.memory().numTensors;
    const counts = rankCounts({ ...tensors, targets, excluded: { offsets, ids }, firstItem: 1 });
    const input = { queries, items, excludedOffsets: offsets, excludedIds: ids, last: [], width, firstItem: 1 };
    expect(Array.from(await counts.data())).toEqual(Array.from(ref.rankCounts(input, targets)));
    counts.dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(tensors);
  });
});
