// A weight stays packed from one product of few rows to the next: it must be that of the present values.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { AdamW, gatedNormLinear, linearLayer, normSiluSplit, useBackend } from '../../index.ts';
import type { SimdBackend } from './backend.ts';

const [D, E] = [24, 40];

beforeAll(async () => {
  await useBackend('simd', { threads: 1 });
});

function values(shape: number[], phase: number): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.37 + phase)),
    shape,
  );
}

/** Products of `rows` rows with a weight, each its own shape. */
const products: Readonly<Record<string, { shape: number[]; of(rows: number, w: tf.Tensor2D): tf.Tensor }>> = {
  linearLayer: { shape: [E, D], of: (rows, w) => linearLayer({ x: values([rows, D], 1) as tf.Tensor2D, w }) },
  normSiluSplit: {
    shape: [D, E],
    of: (rows, w) => tf.concat([...normSiluSplit(values([rows, D], 1) as tf.Tensor2D, w, [E]).blocks], 1),
  },
  gatedNormLinear: {
    shape: [E, D],
    of: (rows, w) =>
      gatedNormLinear({
        u: values([rows, D], 1) as tf.Tensor2D,
        x: values([rows, D], 2) as tf.Tensor2D,
        w,
        b: values([E], 3) as tf.Tensor1D,
        residual: values([rows, E], 4) as tf.Tensor2D,
        epsilon: 1e-6,
      }),
  },
};

describe.each(Object.entries(products))('%s', (_, { shape, of }) => {
  const rowsOf = (rows: number, w: tf.Tensor2D): Float32Array =>
    tf.tidy(() => of(rows, w).dataSync().slice()) as Float32Array;
  /** The rows, by a weight that was never packed before. */
  const fresh = (rows: number, w: tf.Tensor2D): Float32Array => {
    const copy = tf.tensor2d(w.dataSync().slice(), w.shape);
    const found = rowsOf(rows, copy);
    copy.dispose();
    return found;
  };

  it('follows a step of an optimizer, which writes in place, and an assignment', () => {
    const w = tf.tidy(() => tf.variable(values(shape, 5) as tf.Tensor2D));
    const optimizer = new AdamW({ learningRate: 0.1 });
    const before = rowsOf(2, w);
    expect(rowsOf(2, w)).toEqual(before);
    const { dataId } = w;
    tf.tidy(() => optimizer.applyGradients({ [w.name]: tf.onesLike(w) }));
    expect(w.dataId).toBe(dataId);
    expect(rowsOf(2, w)).toEqual(fresh(2, w));
    expect(rowsOf(2, w)).not.toEqual(before);
    tf.tidy(() => w.assign(values(shape, 6) as tf.Tensor2D));
    expect(rowsOf(2, w)).toEqual(fresh(2, w));
    optimizer.dispose();
    w.dispose();
  });

  it('is packed again for another shape of the same values', () => {
    const w = values(shape, 5) as tf.Tensor2D;
    const reshaped = tf.reshape(w, [shape[1], shape[0]]) as tf.Tensor2D;
    expect(reshaped.dataId).toBe(w.dataId);
    const other = (weight: tf.Tensor2D): Float32Array =>
      tf.tidy(() =>
        linearLayer({ x: values([2, weight.shape[1]], 1) as tf.Tensor2D, w: weight })
          .dataSync()
          .slice(),
      ) as Float32Array;
    other(w);
    const copy = tf.tensor2d(w.dataSync().slice(), [shape[1], shape[0]]);
    expect(other(reshaped)).toEqual(other(copy));
    tf.dispose([w, reshaped, copy]);
  });

  it('keeps nothing of a weight that is gone, nor for many rows', () => {
    const { heap } = tf.backend() as SimdBackend;
    const used = heap.used;
    const w = values(shape, 5) as tf.Tensor2D;
    const own = heap.used;
    rowsOf(100, w);
    expect(heap.used).toBe(own);
    rowsOf(2, w);
    const kept = heap.used;
    expect(kept).toBeGreaterThan(own);
    rowsOf(3, w);
    expect(heap.used).toBe(kept);
    w.dispose();
    expect(heap.used).toBe(used);
  });
});
