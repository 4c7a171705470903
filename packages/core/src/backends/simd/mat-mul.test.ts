import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partOf } from '../../../../../test/part.ts';
import { registerSimdBackend, removeSimdBackend } from './index.ts';
import { VARIANTS } from './module.ts';

/** Every way in which a product is cut: in place, B packed by the task or before, columns cut, K cut, batches. */
const shapes = fc
  .record({
    batch: fc.constantFrom(1, 1, 3),
    m: fc.constantFrom(1, 5, 6, 13, 48, 49, 96, 200, 264, 265, 300),
    k: fc.constantFrom(0, 1, 7, 64, 255, 257, 600, 4096, 5000),
    n: fc.constantFrom(1, 7, 8, 9, 15, 16, 17, 32, 33, 50, 130, 513, 1100),
    ta: fc.boolean(),
    tb: fc.boolean(),
  })
  .filter(({ batch, m, k, n }) => batch * m * n * k < 6e7 && batch * (m * k + k * n + m * n) < 3e6);

/** `op(A) op(B)` in float64 at every position of a few rows and columns. */
function expected(a: Float32Array, b: Float32Array, s: Shape, batch: number, i: number, j: number): number {
  let sum = 0;
  for (let p = 0; p < s.k; p++) {
    const x = a[batch * s.m * s.k + (s.ta ? p * s.m + i : i * s.k + p)];
    sum += x * b[batch * s.k * s.n + (s.tb ? j * s.k + p : p * s.n + j)];
  }
  return sum;
}

interface Shape {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly ta: boolean;
  readonly tb: boolean;
}

const picked = (size: number): number[] =>
  [...new Set([0, 5, 6, 47, 95, 96, 263, 264, size - 2, size - 1])].filter((i) => i >= 0 && i < size);

for (const variant of VARIANTS) {
  describe(`products, ${variant}`, () => {
    beforeAll(async () => {
      await registerSimdBackend({ threads: 2, variant });
      await tf.setBackend('simd');
    });
    afterAll(removeSimdBackend);

    it('agree with float64 sums however they are cut', () => {
      fc.assert(
        fc.property(shapes, (s) => {
          const values = (length: number, phase: number): Float32Array =>
            Float32Array.from({ length }, (_, i) => Math.sin(i * 1.3 + phase));
          const a = values(s.batch * s.m * s.k, 0);
          const b = values(s.batch * s.k * s.n, 1);
          const got = tf.tidy(() => {
            const left = tf.tensor3d(a, [s.batch, ...(s.ta ? [s.k, s.m] : [s.m, s.k])] as [number, number, number]);
            const right = tf.tensor3d(b, [s.batch, ...(s.tb ? [s.n, s.k] : [s.k, s.n])] as [number, number, number]);
            return tf.matMul(left, right, s.ta, s.tb).dataSync();
          });
          for (let batch = 0; batch < s.batch; batch++) {
            for (const i of picked(s.m)) {
              for (const j of picked(s.n)) {
                const want = expected(a, b, s, batch, i, j);
                const value = got[(batch * s.m + i) * s.n + j];
                expect(Math.abs(value - want), `(${batch}, ${i}, ${j})`).toBeLessThan(4e-6 * (10 + s.k));
              }
            }
          }
        }),
        { numRuns: partOf(60, 6) },
      );
    });

    it('add the bias and apply the activation as separate operations would', () => {
      fc.assert(
        fc.property(shapes, fc.constantFrom('linear', 'relu', 'sigmoid', 'elu'), fc.boolean(), (s, name, biased) => {
          const activation = name as 'linear' | 'relu' | 'sigmoid' | 'elu';
          const difference = tf.tidy(() => {
            const values = (shape: [number, number], phase: number): tf.Tensor2D =>
              tf.sin(tf.add(tf.mul(tf.reshape(tf.range(0, shape[0] * shape[1]), shape), 1.3), phase));
            const a = values(s.ta ? [s.k, s.m] : [s.m, s.k], 0);
            const b = values(s.tb ? [s.n, s.k] : [s.k, s.n], 1);
            const bias = biased ? tf.reshape(values([1, s.n], 2), [s.n]) : undefined;
            const got = tf.fused.matMul({ a, b, transposeA: s.ta, transposeB: s.tb, bias, activation });
            const product = tf.matMul(a, b, s.ta, s.tb);
            const sum = bias ? tf.add(product, bias) : product;
            const want =
              activation === 'linear' ? sum : { relu: tf.relu, sigmoid: tf.sigmoid, elu: tf.elu }[activation](sum);
            return tf.max(tf.abs(tf.sub(got, want))).dataSync()[0];
          });
          expect(difference).toBeLessThan(4e-6 * (10 + s.k));
        }),
        { numRuns: partOf(40, 4) },
      );
    });

    it('add a bias of one value a row to the rows', () => {
      const [a, b] = [tf.ones<tf.Rank.R2>([3, 2]), tf.ones<tf.Rank.R2>([2, 3])];
      const got = tf.fused.matMul({ a, b, bias: tf.tensor2d([10, 20, 30], [3, 1]) });
      expect([...got.dataSync()]).toEqual([12, 12, 12, 22, 22, 22, 32, 32, 32]);
    });

    it('of an empty batch write nothing', () => {
      const after = tf.zeros([64]);
      const empty = tf.matMul(tf.ones<tf.Rank.R2>([3, 3]), tf.zeros<tf.Rank.R3>([0, 3, 50]) as never);
      expect(empty.shape).toEqual([0, 3, 50]);
      expect(empty.size).toBe(0);
      expect(Math.max(...after.dataSync())).toBe(0);
    });
  });
}
