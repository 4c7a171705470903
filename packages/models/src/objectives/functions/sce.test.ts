import { integers, normals, streamKey, UnsupportedError, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Buckets, bucketSoftmax, bucketsWithin, chooseBuckets, coveredRows } from './sce.ts';

interface Problem {
  readonly rows: number;
  readonly items: number;
  readonly width: number;
  readonly buckets: number;
  readonly seed: number;
}

const problems: fc.Arbitrary<Problem> = fc.record({
  rows: fc.integer({ min: 1, max: 7 }),
  items: fc.integer({ min: 1, max: 8 }),
  width: fc.integer({ min: 1, max: 5 }),
  buckets: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(1e6),
});

function vectors(seed: number, name: string, count: number, width: number): number[][] {
  const values = normals(streamKey(seed, name), 0, count * width);
  return Array.from({ length: count }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width), Math.fround));
}

/** Any rows and items, each once in a bucket; some buckets are empty. */
function anyBuckets({ rows, items, buckets, seed }: Problem): Buckets {
  const some = (name: string, b: number, count: number): Int32Array => {
    const coins = integers(streamKey(seed, name), b, count, 0, 1);
    return Int32Array.from([...coins.keys()].filter((i) => coins[i] === 1));
  };
  const each = Array.from({ length: buckets }, (_, b) => b);
  return { rows: each.map((b) => some('rows', b, rows)), items: each.map((b) => some('items', b, items)) };
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** Losses and gradients of their sum in float64, written like the formula. */
function plain(queries: number[][], items: number[][], labels: Int32Array, { rows, items: lists }: Buckets) {
  const width = queries[0].length;
  const dQueries = queries.map(() => new Array<number>(width).fill(0));
  const dItems = items.map(() => new Array<number>(width).fill(0));
  const losses = queries.map((query, p) => {
    let best: { loss: number; others: number[] } | undefined;
    for (const [b, list] of rows.entries()) {
      if (!list.includes(p) || lists[b].length === 0) continue;
      const others = [...lists[b]].filter((item) => item !== labels[p]);
      const score = (item: number): number => Math.exp(dot(query, items[item]));
      const sum = others.reduce((all, item) => all + score(item), score(labels[p]));
      const loss = -Math.log(score(labels[p]) / sum);
      if (best === undefined || loss > best.loss) best = { loss, others };
    }
    if (best === undefined) return 0;
    const all = [labels[p], ...best.others];
    const weights = all.map((item) => Math.exp(dot(query, items[item])));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [i, item] of all.entries()) {
      const slope = weights[i] / sum - (i === 0 ? 1 : 0);
      for (let d = 0; d < width; d++) {
        dQueries[p][d] += slope * items[item][d];
        dItems[item][d] += slope * query[d];
      }
    }
    return best.loss;
  });
  return { losses, dQueries, dItems };
}

describe.each(['cpu', 'simd'] as const)('bucketSoftmax on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('is its formula, value and gradients: labels in buckets and not, rows of several and of none', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { rows, items: count, width, seed } = problem;
        const [queries, items] = [vectors(seed, 'q', rows, width), vectors(seed, 'e', count, width)];
        const labels = integers(streamKey(seed, 'labels'), 0, rows, 0, count);
        const buckets = anyBuckets(problem);
        const expected = plain(queries, items, labels, buckets);
        const before = tf.memory().numTensors;
        const got = tf.tidy(() => {
          const loss = (q: tf.Tensor, e: tf.Tensor): tf.Tensor1D => {
            const positive = tf.sum(tf.mul(q, tf.gather(e, tf.tensor1d(labels, 'int32'))), 1) as tf.Tensor1D;
            const scores = { queries: q as tf.Tensor2D, items: e as tf.Tensor2D, positive, labels };
            return bucketSoftmax(scores, buckets);
          };
          const inputs = [tf.tensor2d(queries), tf.tensor2d(items)];
          return [loss(inputs[0], inputs[1]), ...tf.grads(loss)(inputs)].map((x) => [...x.dataSync()]);
        });
        expect(tf.memory().numTensors).toBe(before);
        for (const [i, values] of [expected.losses, expected.dQueries.flat(), expected.dItems.flat()].entries()) {
          for (const [j, value] of values.entries())
            expect(Math.abs(got[i][j] - value)).toBeLessThan(2e-5 * (1 + Math.abs(value)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('chooses what has the largest products with a centre, and no item out of bounds', () => {
    fc.assert(
      fc.property(problems, fc.integer({ min: 1, max: 9 }), (problem, most) => {
        const { rows, items: count, width, buckets: number, seed } = problem;
        const [queries, items] = [vectors(seed, 'q', rows, width), vectors(seed, 'e', count + 2, width)];
        const centres = vectors(seed, 'c', number, width);
        const among = { firstItem: 1, lastItem: count, numRows: most, numItems: most };
        const tensors = [centres, queries, items].map((x) => tf.tensor2d(x));
        const chosen = chooseBuckets({ centres: tensors[0], queries: tensors[1], items: tensors[2], ...among });
        tf.dispose(tensors);
        for (const [b, centre] of centres.entries()) {
          const best = (list: number[][], ids: number[]): number[] =>
            ids.toSorted((a, c) => dot(centre, list[c]) - dot(centre, list[a])).slice(0, most);
          expect([...chosen.rows[b]]).toEqual(best(queries, [...queries.keys()]));
          expect([...chosen.items[b]]).toEqual(best(items, [...items.keys()].slice(1, count + 1)));
        }
      }),
      { numRuns: 40 },
    );
  });
});

it('refuses a backend that is read later', async () => {
  tf.registerBackend('webgpu', tf.findBackendFactory('cpu'));
  await tf.setBackend('webgpu');
  const x = tf.zeros([1, 2]) as tf.Tensor2D;
  const options = { centres: x, queries: x, items: x, numRows: 1, numItems: 1 };
  expect(() => chooseBuckets(options)).toThrow(UnsupportedError);
  expect(() => chooseBuckets(options)).toThrow(
    'chooseBuckets: expected a backend that is read in the middle of a step; got webgpu; take --backend simd, or another objective',
  );
  await useBackend('cpu');
  tf.removeBackend('webgpu');
});

it('rows of a part, and rows that are in a bucket', () => {
  const buckets = { rows: [Int32Array.of(4, 0), Int32Array.of(2)], items: [Int32Array.of(1), Int32Array.of(2)] };
  expect([...coveredRows(buckets, 5)]).toEqual([1, 0, 1, 0, 1]);
  expect(bucketsWithin(buckets, 2, 2).rows.map((rows) => [...rows])).toEqual([[], [0]]);
  expect(bucketsWithin(buckets, 2, 3).rows.map((rows) => [...rows])).toEqual([[2], [0]]);
});
