import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { floats, ints, runs } from '../../../../test/conformance/arbitraries.ts';
import { probe } from '../../../../test/conformance/backends.ts';
import { runProblem } from '../../../../test/conformance/compare.ts';
import { checkTiesOfRanges, checkUndefinedScores, topItemsCase } from '../../../../test/conformance/ranking-cases.ts';
import { explainKernels, topItems } from '../../../index.ts';

// A software driver on a busy machine takes long.
vi.setConfig({ testTimeout: 300_000 });

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(absent === undefined ? 'best items' : `best items (absent: ${absent})`, () => {
  beforeAll(async () => {
    await tf.setBackend('webgpu');
  });

  it('are those of the reference, among equal scores the lower id first', async () => {
    await fc.assert(
      fc.asyncProperty(topItemsCase.problem, (problem) => runProblem(topItemsCase, problem)),
      runs(15),
    );
    expect(explainKernels(['webgpu']).find(({ kernel }) => kernel === 'TopItems')?.backends.webgpu).toBe('fused');
  });

  it('tell a NaN, unless its item is excluded', checkUndefinedScores);

  it('take the lower id of equal scores, whatever range it lies in', checkTiesOfRanges);

  it('signs, zeros and infinity are in order; free places are told, minus infinity fills none', async () => {
    const scores = [-1, 0, -0, Number.POSITIVE_INFINITY, 1e-42, -3, Number.NEGATIVE_INFINITY, 0];
    const items = tf.tensor2d(scores, [8, 1]);
    const excluded = { offsets: Int32Array.of(0, 2), ids: Int32Array.of(4, 4) };
    const { ids } = await topItems({ queries: tf.ones([1, 1]), items, k: 9, excluded });
    expect(Array.from(ids)).toEqual([3, 1, 2, 7, 0, 5, -1, -1, -1]);
  });

  it.each([1, 300, 1024, 1030])('lists of %d of many items, with ties', async (k) => {
    const [numQueries, numItems] = [3, 70_000];
    // Half of the scores come from a few hundred values, so that ties cross the end of the list.
    const values = floats(2, 1, numItems).map((x, i) => (i % 2 === 0 ? Math.round(x * 100) / 100 : x));
    const last = ints(2, 2, numQueries, 60_000, numItems - 1);
    const queries = tf.tensor2d([1, -1, 2], [numQueries, 1]);
    const items = tf.tensor2d(values, [numItems, 1]);
    const best = await topItems({ queries, items, k, last, firstItem: 5 });
    for (const [b, factor] of [1, -1, 2].entries()) {
      const expected = Array.from({ length: last[b] - 4 }, (_, i) => i + 5)
        .sort((i, j) => factor * (values[j] - values[i]) || i - j)
        .slice(0, k);
      expect(Array.from(best.ids.subarray(b * k, (b + 1) * k))).toEqual(expected);
      expect(Array.from(best.scores.subarray(b * k, (b + 1) * k))).toEqual(expected.map((i) => factor * values[i]));
    }
    tf.dispose([queries, items]);
  });
});
