import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampledSoftmaxLoss } from '../../index.ts';
import { sampledSoftmaxGrad } from '../../reference/index.ts';
import { registerSimdBackend, removeSimdBackend } from './index.ts';

const TOKENS = 90;
const NEGATIVES = 21;

function wave(n: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => scale * Math.sin(i * 1.7 + phase));
}

/** Largest difference from float64, as a part of the largest value. */
function error(got: ArrayLike<number>, wanted: Float64Array): number {
  const top = wanted.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  return wanted.reduce((m, x, i) => Math.max(m, Math.abs(x - got[i])), 0) / top;
}

describe('sampled softmax on simd', () => {
  beforeAll(async () => {
    await registerSimdBackend();
    await tf.setBackend('simd');
  });
  afterAll(removeSimdBackend);

  // The gradient of the items by tables in one strip of columns, in two, in three with a narrow
  // last one, and by sorting.
  it.each([
    { numItems: 50, width: 50 },
    { numItems: 3883, width: 50 },
    { numItems: 3000, width: 104 },
    { numItems: 9000, width: 50 },
  ])('agrees with float64 for $numItems items of width $width', ({ numItems, width }) => {
    const scale = width ** -0.5;
    const queries = wave(TOKENS * width, 1, scale);
    const items = wave(numItems * width, 2, scale);
    const positives = Int32Array.from({ length: TOKENS }, (_, t) => (t * t) % numItems);
    const negatives = Int32Array.from({ length: TOKENS * NEGATIVES }, (_, i) => (i * 7919) % numItems);
    const weights = wave(TOKENS, 3, 1);
    const temperature = 0.1;
    const loss = (q: tf.Tensor, e: tf.Tensor): tf.Tensor =>
      sampledSoftmaxLoss({
        queries: q as tf.Tensor2D,
        items: e as tf.Tensor2D,
        positives: tf.tensor1d(positives, 'int32'),
        negatives: tf.tensor2d(negatives, [TOKENS, NEGATIVES], 'int32'),
        temperature,
      });
    const [dQueries, dItems] = tf.tidy(() =>
      tf
        .grads(loss)([tf.tensor(queries, [TOKENS, width]), tf.tensor(items, [numItems, width])], tf.tensor1d(weights))
        .map((x) => x.dataSync()),
    );
    const input = { queries, items, positives, negatives, logQ: [], width, numNegatives: NEGATIVES, temperature };
    const wanted = sampledSoftmaxGrad(input, weights);
    expect(error(dQueries, wanted.dQueries)).toBeLessThan(2e-6);
    expect(error(dItems, wanted.dItems)).toBeLessThan(2e-6);
  });
});
