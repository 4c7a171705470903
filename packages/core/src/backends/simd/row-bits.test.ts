// A row of the result has the same bits whatever rows it is computed beside: what makes cached inference exact.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../../test/part.ts';
import * as ops from '../../index.ts';
import { layerNorm, useBackend } from '../../index.ts';

const ROWS = 40;
/** Rows of a part: around the six of a tile. */
const PARTS = [1, 2, 3, 5, 6, 7, 12, 13];

const values = (shape: number[], phase: number): tf.Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.37 + phase)),
    shape,
  );
};

/** An op of rows; `part` cuts the inputs that have rows. */
type RowOp = (part: (x: tf.Tensor) => tf.Tensor2D) => tf.Tensor;

/** Parts whose rows differ from those of the whole. */
function differences(op: RowOp): number[] {
  return tf.tidy(() => {
    const whole = op((x) => x as tf.Tensor2D);
    const width = whole.shape[1] as number;
    const expected = whole.dataSync().slice();
    return PARTS.filter((count) => {
      const part = op((x) => tf.slice(x as tf.Tensor2D, [ROWS - count, 0], [count, -1])).dataSync();
      return part.some((x, i) => !Object.is(x, expected[(ROWS - count) * width + i]));
    });
  });
}

const products: Readonly<Record<string, (k: number, n: number) => RowOp>> = {
  matMul: (k, n) => {
    const [x, b] = [values([ROWS, k], 1), values([k, n], 2) as tf.Tensor2D];
    return (part) => tf.matMul(part(x), b);
  },
  'matMul by a transposed matrix': (k, n) => {
    const [x, b] = [values([ROWS, k], 1), values([n, k], 2) as tf.Tensor2D];
    return (part) => tf.matMul(part(x), b, false, true);
  },
  'matMul with bias and ReLU': (k, n) => {
    const [x, b, bias] = [values([ROWS, k], 1), values([k, n], 2) as tf.Tensor2D, values([n], 3)];
    return (part) => tf.fused.matMul({ a: part(x), b, bias, activation: 'relu' });
  },
  normSiluSplit: (k, n) => {
    const [x, w] = [values([ROWS, k], 1), values([k, 4 * n], 2) as tf.Tensor2D];
    return (part) => tf.concat([...ops.normSiluSplit(part(x), w, [n, n, n, n], { epsilon: 1e-6 }).blocks], 1);
  },
  linearLayer: (k, n) => {
    const [x, w, b] = [values([ROWS, k], 1), values([n, k], 2) as tf.Tensor2D, values([n], 3) as tf.Tensor1D];
    const residual = values([ROWS, n], 4);
    return (part) => ops.linearLayer({ x: part(x), norm: { epsilon: 1e-6 }, w, b, residual: part(residual) });
  },
  gatedNormLinear: (k, n) => {
    const [x, u, w] = [values([ROWS, k], 1), values([ROWS, k], 5), values([n, k], 2) as tf.Tensor2D];
    const [b, residual] = [values([n], 3) as tf.Tensor1D, values([ROWS, n], 4)];
    return (part) => ops.gatedNormLinear({ u: part(u), x: part(x), w, b, residual: part(residual), epsilon: 1e-6 });
  },
};

const rowwise: Readonly<Record<string, (d: number) => RowOp>> = {
  layerNorm: (d) =>
    (
      (x) => (part) =>
        layerNorm(part(x), { epsilon: 1e-6 })
    )(values([ROWS, d], 1)),
  l2Normalize: (d) =>
    (
      (x) => (part) =>
        ops.l2Normalize(part(x), { epsilon: 1e-6 })
    )(values([ROWS, d], 1)),
  rmsNorm: (d) =>
    (
      (x) => (part) =>
        ops.rmsNorm(part(x), { epsilon: 1e-6 })
    )(values([ROWS, d], 1)),
  silu: (d) =>
    (
      (x) => (part) =>
        ops.silu(part(x))
    )(values([ROWS, d], 1)),
  gatedNorm: (d) => {
    const [u, x] = [values([ROWS, d], 1), values([ROWS, d], 2)];
    return (part) => ops.gatedNorm(part(u), part(x), { epsilon: 1e-6 });
  },
  siluSplit: (d) =>
    (
      (x) => (part) =>
        tf.concat(ops.siluSplit(part(x), [d, d]), 1)
    )(values([ROWS, 2 * d], 1)),
  'gain and bias': (d) => {
    const [x, gain, bias] = [values([ROWS, d], 1), values([d], 2), values([d], 3)];
    return (part) => tf.add(tf.mul(part(x), gain), bias);
  },
};

/** Whole tiles of sixteen columns, one and two columns more, and others. */
const WIDTHS = [8, 16, 17, 18, 24, 33, 34, 36, 48, 50, 64, 66, 128, 200, 258, 770];
/** Up to more than two blocks of K. */
const DEPTHS = [4, 8, 50, 64, 256, 300, 600];

describe('rows have the bits that they have among others', () => {
  beforeAll(async () => {
    await useBackend('simd');
  });

  it.each(Object.keys(products))('%s', (name) => {
    for (const n of WIDTHS)
      for (const k of part(DEPTHS, 4)) expect(differences(products[name](k, n)), `${k} x ${n}`).toEqual([]);
  });

  it.each(Object.keys(rowwise))('%s', (name) => {
    for (const d of [3, 4, 8, 16, 17, 50, 256]) expect(differences(rowwise[name](d)), `${d}`).toEqual([]);
  });
});
