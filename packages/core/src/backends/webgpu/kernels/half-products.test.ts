import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats, runs } from '../../../../test/conformance/arbitraries.ts';
import { relativeError, take, upload } from '../../../../test/conformance/compare.ts';
import { half } from '../../../../test/conformance/half.ts';
import { explainKernels, linear, rankCounts, topItems, useBackend } from '../../../index.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { productLayout } from './product-layout.ts';

const absent = await useBackend('webgpu', { precision: 'f16' }).then(
  () => undefined,
  (error: Error) => error.message,
);

interface Problem {
  readonly batch: number;
  /** Which operands have the batch axis. */
  readonly batched: 'both' | 'a' | 'b';
  readonly rows: number;
  readonly terms: number;
  readonly columns: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly biased: boolean;
  readonly activation: 'linear' | 'relu' | 'sigmoid' | 'elu' | 'relu6';
  readonly seed: number;
}

/** Below, at and above the sizes of tiles, parts of long sums, nothing at all. */
const size = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(31, 32, 33, 63, 64, 65, 70, 130));

const problems: fc.Arbitrary<Problem> = fc.record({
  batch: fc.integer({ min: 0, max: 3 }),
  batched: fc.constantFrom('both', 'a', 'b'),
  rows: size,
  terms: fc.oneof(size, fc.constantFrom(513, 800)),
  columns: size,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  biased: fc.boolean(),
  activation: fc.constantFrom('linear', 'relu', 'sigmoid', 'elu', 'relu6'),
  seed: fc.nat(1000),
});

const activations = {
  linear: (x: number) => x,
  relu: (x: number) => Math.max(0, x),
  relu6: (x: number) => Math.min(6, Math.max(0, x)),
  elu: (x: number) => (x >= 0 ? x : Math.expm1(x)),
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
};

function shapesOf({ batch, batched, rows, terms, columns, transposeA, transposeB }: Problem): number[][] {
  const outer = (has: boolean) => (has ? [batch] : []);
  return [
    [...outer(batched !== 'b'), ...(transposeA ? [terms, rows] : [rows, terms])],
    [...outer(batched !== 'a'), ...(transposeB ? [columns, terms] : [terms, columns])],
  ];
}

/** In float64. */
function product(p: Problem, a: Float32Array, b: Float32Array): Float64Array {
  const { batch, batched, rows, terms, columns, transposeA, transposeB } = p;
  const y = new Float64Array(batch * rows * columns);
  for (let n = 0; n < batch; n++) {
    const [aStart, bStart] = [batched === 'b' ? 0 : n * rows * terms, batched === 'a' ? 0 : n * terms * columns];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let t = 0; t < terms; t++) {
          const x = a[aStart + (transposeA ? t * rows + i : i * terms + t)];
          const w = b[bStart + (transposeB ? j * terms + t : t * columns + j)];
          sum += x * w;
        }
        y[(n * rows + i) * columns + j] = sum;
      }
    }
  }
  return y;
}

/** Float32 around the half precision: its own error, which vanishing errors of the format must not be held against. */
const FLOAT32 = 2e-6;

describe('layout', () => {
  const of = (a: number[], b: number[], transposeA = false) => {
    const info = (shape: number[]) => ({ dataId: {}, shape, dtype: 'float32' as const });
    return productLayout({ a: info(a), b: info(b), transposeA, transposeB: false });
  };

  it('long sums are cut where a device would idle, and only there', () => {
    expect(of([64, 4096], [4096, 64])).toMatchObject({ parts: 16, partTerms: 256 });
    expect(of([4096, 4096], [4096, 4096])).toMatchObject({ parts: 1 });
    expect(of([64, 100], [100, 64])).toMatchObject({ parts: 1 });
  });

  it('one matrix for a whole batch is one product, unless the batch is transposed', () => {
    expect(of([3, 5, 7], [7, 2])).toMatchObject({ shape: [3, 5, 2], batch: 1, rows: 15 });
    expect(of([3, 7, 5], [7, 2], true)).toMatchObject({ shape: [3, 5, 2], batch: 3, rows: 5, bStep: 0 });
    expect(of([1, 5, 7], [2, 3, 7, 4])).toMatchObject({ shape: [2, 3, 5, 4], batch: 6, aStep: 0 });
  });

  it('batches that both broadcast are not for us', () => {
    expect(of([3, 1, 5, 7], [1, 2, 7, 4])).toBeUndefined();
  });
});

describe.skipIf(absent !== undefined)(
  absent === undefined ? 'products in half precision' : `products in half precision (absent: ${absent})`,
  () => {
    beforeAll(async () => {
      await useBackend('webgpu', { precision: 'f16' });
    });
    afterAll(async () => {
      await useBackend('webgpu');
    });

    it('err as half precision does, no more, whatever the shape', async () => {
      const worst = { ours: 0, naive: 0 };
      await fc.assert(
        fc.asyncProperty(problems, async (p) => {
          const [aShape, bShape] = shapesOf(p);
          const values = [aShape, bShape].map((shape, i) => floats(p.seed, i, tf.util.sizeFromShape(shape)));
          const [a, b] = [aShape, bShape].map((shape, i) => upload({ shape, values: values[i] }));
          const y = tf.matMul(a, b, p.transposeA, p.transposeB);
          expect(y.shape).toEqual([p.batch, p.rows, p.columns]);
          const truth = product(p, values[0], values[1]);
          const naive = product(p, values[0].map(half), values[1].map(half)).map(half);
          worst.ours = Math.max(worst.ours, relativeError(await take(y), truth));
          worst.naive = Math.max(worst.naive, relativeError(naive, truth));
          tf.dispose([a, b]);
        }),
        runs(50),
      );
      expect(worst.ours).toBeLessThanOrEqual(2 * worst.naive + FLOAT32);
      // It is half precision that was tested.
      expect(worst.ours).toBeGreaterThan(2e-5);
    });

    it('bias and activation, of whole and of cut sums', async () => {
      await fc.assert(
        fc.asyncProperty(problems, async (drawn) => {
          const p: Problem = { ...drawn, batch: 1, batched: 'both', transposeA: false };
          const [a, b] = [floats(p.seed, 0, p.rows * p.terms), floats(p.seed, 1, p.terms * p.columns)];
          const bias = p.biased ? floats(p.seed, 2, p.columns) : undefined;
          const tensors = {
            a: tf.tensor2d(a, [p.rows, p.terms]),
            b: tf.tensor2d(b, p.transposeB ? [p.columns, p.terms] : [p.terms, p.columns]),
            ...(bias === undefined ? {} : { bias: tf.tensor1d(bias) }),
          };
          const { transposeB, activation } = p;
          const y = tf.fused.matMul({ ...tensors, transposeB, activation });
          const sums = product(p, a.map(half), b.map(half));
          const expected = sums.map((sum, i) => activations[activation](sum + (bias?.[i % p.columns] ?? 0)));
          // Operands are scaled before they are rounded: the same numbers, as floats() are in range;
          // float16 to nearest or not.
          expect(relativeError(await take(y), expected, 1)).toBeLessThan(4e-3);
          tf.dispose(tensors);
        }),
        runs(25),
      );
    });

    it('gradients of linear err at most three times as a naive computation', async () => {
      const [tokens, width, columns] = [600, 50, 70];
      const [x, w, dy] = [floats(1, 1, tokens * width), floats(1, 2, width * columns), floats(1, 3, tokens * columns)];
      const shapes = { batch: 1, batched: 'both', biased: false, activation: 'linear', seed: 0 } as const;
      const dxOf = { ...shapes, rows: tokens, terms: columns, columns: width, transposeA: false, transposeB: true };
      const dwOf = { ...shapes, rows: width, terms: tokens, columns, transposeA: true, transposeB: false };
      const tensors = [tf.tensor2d(x, [tokens, width]), tf.tensor2d(w, [width, columns]), tf.zeros([columns])];
      const upstream = tf.tensor2d(dy, [tokens, columns]);
      const [dx, dw, db] = tf.grads((...[a, b, c]: tf.Tensor[]) => linear(a, b, c))(tensors, upstream);
      for (const [p, ours, left, right] of [
        [dxOf, dx, dy, w],
        [dwOf, dw, x, dy],
      ] as const) {
        const truth = product(p, left, right);
        const naive = relativeError(product(p, left.map(half), right.map(half)).map(half), truth);
        const error = relativeError(await take(ours), truth);
        expect(error).toBeLessThanOrEqual(3 * naive + FLOAT32);
        expect(error).toBeGreaterThan(1e-5);
      }
      const sums = Float64Array.from({ length: columns }, (_, j) =>
        dy.filter((_, i) => i % columns === j).reduce((s, v) => s + v, 0),
      );
      expect(relativeError(await take(db), sums)).toBeLessThan(1e-5);
      tf.dispose([...tensors, upstream]);
    });

    it.each([1e-12, 1e12])('operands of size %d neither vanish nor overflow', async (scale) => {
      const [n, terms] = [40, 700];
      // The largest of all comes last: sums so far must follow the new scale.
      const a = floats(5, 1, n * terms).map((x, i) => x * scale * (i % terms === terms - 1 ? 100 : 1));
      const b = floats(5, 2, terms * n);
      const p: Problem = {
        batch: 1,
        batched: 'both',
        rows: n,
        terms,
        columns: n,
        transposeA: false,
        transposeB: false,
        biased: false,
        activation: 'linear',
        seed: 0,
      };
      const y = tf.matMul(tf.tensor2d(a, [n, terms]), tf.tensor2d(b, [terms, n]));
      expect(relativeError(await take(y), product(p, a, b))).toBeLessThan(1e-3);
    });

    it('a number that is not finite spoils its row alone', async () => {
      const a = floats(6, 1, 70 * 40);
      a[3 * 40 + 7] = Number.NaN;
      a[69 * 40 + 39] = Number.POSITIVE_INFINITY;
      const y = await take(tf.matMul(tf.tensor2d(a, [70, 40]), tf.ones([40, 70])));
      const spoilt = new Set(Array.from(y, (v, i) => (Number.isFinite(v) ? -1 : Math.floor(i / 70))));
      expect([...spoilt].sort((i, j) => i - j)).toEqual([-1, 3, 69]);
      expect(y[0]).toBeCloseTo(
        a.subarray(0, 40).reduce((sum, x) => sum + x, 0),
        2,
      );
    });

    it('the same bits every time', async () => {
      const [a, b] = [
        tf.tensor2d(floats(7, 1, 64 * 3000), [64, 3000]),
        tf.tensor2d(floats(7, 2, 3000 * 20), [3000, 20]),
      ];
      const [first, second] = [await take(tf.matMul(a, b)), await take(tf.matMul(a, b))];
      expect(second).toEqual(first);
      tf.dispose([a, b]);
    });

    it('ranking stays in float32', async () => {
      // Scores differ by less than float16 tells apart.
      const items = tf.tensor2d([9, 1, 1.0001, 1.0002, 1.0003], [5, 1]);
      const queries = tf.tensor2d([1], [1, 1]);
      const excluded = { offsets: new Int32Array(2), ids: new Int32Array(0) };
      const counts = rankCounts({ queries, items, targets: Int32Array.of(2), excluded });
      expect(Array.from(await counts.data())).toEqual([3, 0, 0, 0]);
      const best = await topItems({ queries, items, k: 4, excluded });
      expect(Array.from(best.ids)).toEqual([0, 4, 3, 2]);
    });

    it('int32 stays stock, and without half precision everything does', async () => {
      const backend = tf.backend() as SeqrecWebgpuBackend;
      const x = tf.ones([4, 4]);
      const source = () => explainKernels(['webgpu']).find(({ kernel }) => kernel === 'BatchMatMul')?.backends.webgpu;
      const dispatched = (use: () => tf.Tensor) => {
        const before = backend.counters.dispatches;
        use().dispose();
        return backend.counters.dispatches - before;
      };
      expect([dispatched(() => tf.matMul(x, x)), source()]).toEqual([1, 'fused']);
      expect(
        dispatched(() => tf.fused.matMul({ a: x as tf.Tensor2D, b: x as tf.Tensor2D, activation: 'leakyrelu' })),
      ).toBe(0);
      await useBackend('webgpu');
      expect([dispatched(() => tf.matMul(x, x)), source()]).toEqual([0, 'stock']);
      await useBackend('webgpu', { precision: 'f16' });
      expect(dispatched(() => tf.matMul(x, x))).toBe(1);
      x.dispose();
    });
  },
);
