import { integers, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampledScores } from './sampled-scores.ts';

/** Scores and gradients, by blocks and at once. */
function compare(rows: number, each: number, count: number, width: number, seed: number): number[] {
  const before = tf.memory().numTensors;
  const errors = tf.tidy(() => {
    const q = tf.randomNormal([rows, width], 0, 1, 'float32', seed) as tf.Tensor2D;
    const items = tf.randomNormal([count, width], 0, 1, 'float32', seed + 1) as tf.Tensor2D;
    const ids = tf.tensor1d(integers(streamKey(seed, 'ids'), 0, rows * each, 0, count - 1), 'int32');
    const dy = tf.randomNormal([rows, each], 0, 1, 'float32', seed + 2) as tf.Tensor2D;
    const whole = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
      const vectors = tf.reshape(tf.gather(b, ids), [rows, each, width]);
      return tf.reshape(tf.matMul(vectors, tf.reshape(a, [rows, width, 1])), [rows, each]);
    };
    const ours = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => sampledScores(a as tf.Tensor2D, b as tf.Tensor2D, ids);
    const [got, expected] = [ours, whole].map((f) => [f(q, items), ...tf.grads(f)([q, items], dy)]);
    return got.map((x, i) => tf.max(tf.abs(tf.sub(x, expected[i]))).dataSync()[0]);
  });
  expect(tf.memory().numTensors).toBe(before);
  return errors;
}

describe('sampledScores', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  it('are the products, with their gradients', () => {
    const size = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(size(6), size(5), size(7), size(4), fc.nat(999), (rows, each, count, width, seed) => {
        for (const error of compare(rows, each, count, width, seed)) expect(error).toBeLessThan(1e-5);
      }),
      { numRuns: 30 },
    );
  });

  it('in several blocks too', () => {
    // Vectors of 4.3 million floats: two blocks.
    for (const error of compare(600, 450, 30, 16, 5)) expect(error).toBeLessThan(2e-3);
  });

  it('of no query are none', () => {
    tf.tidy(() => {
      const none = sampledScores(tf.zeros([0, 2]), tf.zeros([3, 2]), tf.tensor1d([], 'int32'));
      expect(none.shape).toEqual([0, 0]);
    });
  });
});
