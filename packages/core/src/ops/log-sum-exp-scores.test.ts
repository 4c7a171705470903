import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DTypeError, logSumExpScores, MASKED_SCORE, ShapeError, useBackend } from '../index.ts';

/** Enough for two blocks of the composed kernel, and many of the others. */
const [QUERIES, ITEMS, WIDTH] = [2100, 2100, 16];

describe.each(['cpu', 'simd'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('counts a single item, or does not', () => {
    const one = (mask: number): number =>
      tf.tidy(
        () =>
          logSumExpScores({
            queries: tf.tensor2d([[2, 1]]),
            items: tf.tensor2d([[3, 4]]),
            mask: { values: tf.tensor2d([[mask]]), groups: tf.tensor1d([0], 'int32') },
          }).dataSync()[0],
      );
    expect(one(0)).toBeCloseTo(10, 5);
    expect(one(MASKED_SCORE) / MASKED_SCORE).toBeCloseTo(1, 6);
  });

  it('a score that is no number makes the sum none, of its query alone', () => {
    tf.tidy(() => {
      const queries = tf.tensor2d([[1], [Number.NaN], [2]]);
      const sums = logSumExpScores({ queries, items: tf.ones([200, 1]) }).dataSync();
      expect([...sums].map(Number.isNaN)).toEqual([false, true, false]);
    });
  });

  it('of no query is nothing, and has a gradient', () => {
    tf.tidy(() => {
      const [dQueries, dItems] = tf.grads((q, c) => logSumExpScores({ queries: q, items: c }))([
        tf.zeros([0, 2]),
        tf.ones([3, 2]),
      ]);
      expect(dQueries.shape).toEqual([0, 2]);
      expect([...dItems.dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
    });
  });
});

it('blocked is unblocked: losses within 1e-6, gradients within the rounding of float32', async () => {
  await useBackend('simd');
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const q = tf.randomNormal([QUERIES, WIDTH], 0, 0.5, 'float32', 1) as tf.Tensor2D;
    const c = tf.randomNormal([ITEMS, WIDTH], 0, 0.5, 'float32', 2) as tf.Tensor2D;
    const dy = tf.fill([QUERIES], 1 / QUERIES) as tf.Tensor1D;
    const whole = (a: tf.Tensor, b: tf.Tensor): tf.Tensor1D =>
      tf.logSumExp(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true), 1);
    const blocked = (a: tf.Tensor, b: tf.Tensor): tf.Tensor1D => logSumExpScores({ queries: a, items: b });
    const ours = [blocked(q, c), ...tf.grads(blocked)([q, c], dy)];
    const theirs = [whole(q, c), ...tf.grads(whole)([q, c], dy)];
    for (const [i, x] of ours.entries()) {
      const error = tf.max(tf.abs(tf.sub(x, theirs[i]))).dataSync()[0];
      expect(error / tf.max(tf.abs(theirs[i])).dataSync()[0]).toBeLessThan(i === 0 ? 1e-6 : 4e-6);
    }
  });
  expect(tf.memory().numTensors).toBe(before);
});

it('scores of all queries with all items are never held', async () => {
  await useBackend('simd');
  const heap = (tf.backend() as unknown as { heap: { peak: number; used: number } }).heap;
  const [rows, count] = [4000, 5000];
  tf.tidy(() => {
    const inputs = [tf.ones([rows, 8]), tf.ones([count, 8])];
    const before = heap.peak;
    tf.grads((q, c) => logSumExpScores({ queries: q, items: c }))(inputs).map((x) => x.dataSync());
    // Scores are 80 MB.
    expect(heap.peak - before).toBeLessThan(4_000_000);
  });
});

describe('refusals, word for word', () => {
  const run = (items: tf.Tensor, more: object = {}): unknown =>
    tf.tidy(() => logSumExpScores({ queries: tf.zeros([2, 3]), items, ...more }));

  it.each([
    [
      'another width',
      () => run(tf.zeros([4, 5])),
      ShapeError,
      'logSumExpScores: expected queries [P, D], items [N, D]; got queries=float32[2,3], items=float32[4,5]; items has D = 5, expected D = 3',
    ],
    [
      'no item',
      () => run(tf.zeros([0, 3])),
      ShapeError,
      'logSumExpScores: expected at least one item; got items [0,3]',
    ],
    [
      'groups that are floats',
      () => run(tf.zeros([4, 3]), { mask: { values: tf.zeros([1, 4]), groups: tf.zeros([2]) } }),
      DTypeError,
      "logSumExpScores: expected mask.groups to be int32; got mask.groups=float32[2]; cast it with tf.cast(mask.groups, 'int32')",
    ],
  ] as const)('%s', (_, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });

  it('on simd, a group that is none', async () => {
    await useBackend('simd');
    const groups = tf.tensor1d([0, 1], 'int32');
    expect(() => run(tf.zeros([4, 3]), { mask: { values: tf.zeros([1, 4]), groups } })).toThrow(
      'logSumExpScores: expected groups from 0 to 0; got 1 at position 1',
    );
  });
});
