import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { probe } from '../../../test/conformance/backends.ts';
import { causalAttention, dropout, gatedNorm, uniformIntegers } from '../../index.ts';

const { absent } = await probe('webgpu');
const simd = await probe('simd');

/** Values of `make` on both backends. */
async function onBoth(make: () => tf.Tensor): Promise<[tf.TypedArray, tf.TypedArray]> {
  const values: tf.TypedArray[] = [];
  for (const name of ['webgpu', 'simd']) {
    await tf.setBackend(name);
    const tensor = tf.tidy(make);
    values.push((await tensor.data()).slice());
    tensor.dispose();
  }
  return values as [tf.TypedArray, tf.TypedArray];
}

const here = absent ?? simd.absent;

describe.skipIf(here !== undefined)(here === undefined ? 'masks' : `masks (absent: ${here})`, () => {
  const stream = { key: { k0: 3_000_000_017, k1: 42 }, step: 4_000_000_000 };

  it.each([
    [0.1, 0],
    [0.5, 5],
    [0.9, 2 ** 34 - 5003],
  ])('dropout at rate %d, from word %d on, has the bits of simd', async (rate, first) => {
    const [ours, theirs] = await onBoth(() => dropout(tf.ones([10_007]), { rate, stream: { ...stream, first } }));
    expect(ours).toEqual(theirs);
    const kept = 1 - zeros(ours).length / ours.length;
    expect(Math.abs(kept - (1 - rate))).toBeLessThan(0.02);
  });

  it.each([0, 3, 2 ** 34 - 5002])('random integers, from word %d on, have the bits of simd', async (first) => {
    const options = { count: 10_007, low: 1, bound: 3883, stream: { ...stream, first } };
    const [ours, theirs] = await onBoth(() => uniformIntegers(options));
    expect(ours).toEqual(theirs);
  });

  it.each([0, 33, 2 ** 34 - 1001])('the gated norm drops what simd drops, from word %d on', async (first) => {
    const [rows, width] = [101, 33];
    const x = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i * 1.7));
    const [ours, theirs] = await onBoth(() =>
      gatedNorm(tf.ones([rows, width]), tf.tensor2d(x, [rows, width]), {
        epsilon: 1e-6,
        dropout: { rate: 0.5, stream: { ...stream, first } },
      }),
    );
    expect(zeros(ours)).toEqual(zeros(theirs));
  });

  it.each([0, 14, 2 ** 32 - 80])('causal attention drops what simd drops, from row %d on', async (first) => {
    // Equal scores and one-hot values: element (i, j) of the result is zero where the weight of key j is dropped.
    const [n, heads] = [40, 2];
    const [ours, theirs] = await onBoth(() => {
      const q = tf.zeros([n, heads, 8]) as tf.Tensor3D;
      const v = tf.tile(tf.expandDims(tf.eye(n), 1), [1, heads, 1]) as tf.Tensor3D;
      const dropout = { rate: 0.5, stream: { ...stream, first } };
      return causalAttention({ q, k: q, v, offsets: Int32Array.of(0, 7, n), scale: 1, dropout });
    });
    expect(zeros(ours)).toEqual(zeros(theirs));
  });
});

/** Places of zeros; simd has the smallest float there. */
function zeros(x: tf.TypedArray): number[] {
  return [...x].flatMap((value, i) => (Math.abs(value) < 1e-30 ? [i] : []));
}
