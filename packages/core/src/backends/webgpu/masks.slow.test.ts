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

  it.each([0.1, 0.5, 0.9])('dropout at rate %d has the bits of simd', async (rate) => {
    const [ours, theirs] = await onBoth(() => dropout(tf.ones([10_007]), { rate, stream }));
    expect(ours).toEqual(theirs);
    const kept = 1 - zeros(ours).length / ours.length;
    expect(Math.abs(kept - (1 - rate))).toBeLessThan(0.02);
  });

  it('random integers have the bits of simd', async () => {
    const [ours, theirs] = await onBoth(() => uniformIntegers({ count: 10_007, low: 1, bound: 3883, stream }));
    expect(ours).toEqual(theirs);
  });

  it('the gated norm drops what simd drops', async () => {
    const [rows, width] = [101, 33];
    const x = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i * 1.7));
    const [ours, theirs] = await onBoth(() =>
      gatedNorm(tf.ones([rows, width]), tf.tensor2d(x, [rows, width]), {
        epsilon: 1e-6,
        dropout: { rate: 0.5, stream },
      }),
    );
    expect(zeros(ours)).toEqual(zeros(theirs));
  });

  it('causal attention drops what simd drops', async () => {
    // Equal scores and one-hot values: element (i, j) of the result is zero where the weight of key j is dropped.
    const [n, heads] = [40, 2];
    const [ours, theirs] = await onBoth(() => {
      const q = tf.zeros([n, heads, 8]) as tf.Tensor3D;
      const v = tf.tile(tf.expandDims(tf.eye(n), 1), [1, heads, 1]) as tf.Tensor3D;
      return causalAttention({ q, k: q, v, offsets: Int32Array.of(0, 7, n), scale: 1, dropout: { rate: 0.5, stream } });
    });
    expect(zeros(ours)).toEqual(zeros(theirs));
  });
});

/** Places of zeros; simd has the smallest float there. */
function zeros(x: tf.TypedArray): number[] {
  return [...x].flatMap((value, i) => (Math.abs(value) < 1e-30 ? [i] : []));
}
