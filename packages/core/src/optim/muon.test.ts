import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Muon,
  type MuonOptions,
  newtonSchulz,
  normals,
  ShapeError,
  streamKey,
  UnsupportedError,
  useBackend,
} from '../index.ts';
import { newtonSchulz as inFloat64, type Matrix, muonStep } from '../reference/index.ts';

const key = streamKey(6, 'muon');
const numbers = (at: number, count: number): Float32Array => Float32Array.from(normals(key, at, count));
const rowsOf = (values: ArrayLike<number>, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]),
  );
const worst = (got: ArrayLike<number>, expected: Matrix): number =>
  Math.max(...expected.flat().map((value, i) => Math.abs(got[i] - value)));
const matrix = (rows: number, columns: number, at: number): tf.Variable =>
  tf.tidy(() => tf.variable(tf.tensor2d(numbers(at, rows * columns), [rows, columns])));

/** Orthonormal rows, by Gram-Schmidt twice. */
function orthonormal(count: number, width: number, at: number): number[][] {
  const rows = rowsOf(numbers(at, count * width), width);
  for (let pass = 0; pass < 2; pass++) {
    for (const [i, row] of rows.entries()) {
      for (const before of rows.slice(0, i)) {
        const along = row.reduce((sum, x, k) => sum + x * before[k], 0);
        for (const [k, x] of before.entries()) row[k] -= along * x;
      }
      const norm = Math.hypot(...row);
      for (const k of row.keys()) row[k] /= norm;
    }
  }
  return rows;
}

/** `U S V^T` with singular values from 1 down to `1 / condition`, and `U V^T`. */
function conditioned(
  m: number,
  n: number,
  condition: number,
  at: number,
): { g: number[][]; polar: number[][]; u: number[][]; v: number[][] } {
  const [u, v] = [orthonormal(m, m, at), orthonormal(m, n, at + 1)];
  const of = (s: (k: number) => number) =>
    u[0].map((_, i) => v[0].map((_, j) => u.reduce((sum, row, k) => sum + row[i] * s(k) * v[k][j], 0)));
  return { g: of((k) => condition ** (-k / (m - 1))), polar: of(() => 1), u, v };
}

describe.each(['cpu', 'simd'] as const)('Newton-Schulz on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('is within 5e-6 of float64, for any shape', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat(5), (m, n, steps) => {
        const values = numbers(m * 100 + n, m * n);
        const x = tf.tensor2d(values, [m, n]);
        const got = newtonSchulz(x, { steps });
        expect(got.shape).toEqual([m, n]);
        expect(worst(got.dataSync(), inFloat64(rowsOf(values, n), steps))).toBeLessThan(5e-6);
        tf.dispose([x, got]);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    [50, 50, 10],
    [50, 50, 100],
    [50, 200, 100],
  ])(
    '[%i, %i] of condition %i: singular values from 0.68 to 1.2, cosine with U V^T at least 0.98',
    (m, n, condition) => {
      const { g, polar, u, v } = conditioned(m, n, condition, m + n + condition);
      const x = tf.tensor2d(g);
      const got = rowsOf(newtonSchulz(x).dataSync(), n);
      // The iteration keeps the singular vectors: each value is u_k^T X v_k.
      const singular = u.map((left, k) =>
        left.reduce((sum, a, i) => sum + a * got[i].reduce((inner, b, j) => inner + b * v[k][j], 0), 0),
      );
      expect(Math.min(...singular)).toBeGreaterThan(0.67);
      expect(Math.max(...singular)).toBeLessThan(1.21);
      const dot = got.flat().reduce((sum, value, i) => sum + value * polar.flat()[i], 0);
      expect(dot / (Math.hypot(...got.flat()) * Math.hypot(...polar.flat()))).toBeGreaterThan(0.98);
    },
  );

  it('does not depend on the scale of the matrix', () => {
    const values = numbers(77, 35);
    const of = (scale: number) =>
      newtonSchulz(
        tf.tensor2d(
          values.map((x) => x * scale),
          [5, 7],
        ),
      ).dataSync();
    for (const scale of [2 ** -12, 2 ** 12]) expect(of(scale)).toEqual(of(1));
    expect(worst(of(1234.5), rowsOf(of(1), 7))).toBeLessThan(5e-6);
  });

  it('of nothing is nothing', () => {
    expect(newtonSchulz(tf.zeros([2, 3])).dataSync()).toEqual(new Float32Array(6));
  });
});

describe.each(['cpu', 'simd'] as const)('Muon on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  const step = (optimizer: Muon, weight: tf.Variable, at: number, scale = 1): Float32Array => {
    const values = numbers(5000 + at, weight.size).map((x) => x * scale);
    const grad = tf.tensor(values, weight.shape);
    optimizer.applyGradients({ [weight.name]: grad });
    grad.dispose();
    return values;
  };

  it('equals float64 after each of some steps, without a leak', () => {
    const shapes = fc.record({ m: fc.integer({ min: 1, max: 9 }), n: fc.integer({ min: 1, max: 9 }) });
    const given = fc.record({
      momentum: fc.constantFrom(0, 0.5, 0.95),
      nesterov: fc.boolean(),
      weightDecay: fc.constantFrom(0, 0.1),
      scale: fc.constantFrom('spectral' as const, 'adamw' as const),
    });
    fc.assert(
      fc.property(shapes, given, ({ m, n }, options) => {
        const before = tf.memory().numTensors;
        const weight = matrix(m, n, m * 10 + n);
        const optimizer = new Muon({ learningRate: 0.05, ...options });
        const scale = options.scale === 'adamw' ? 0.2 * Math.sqrt(Math.max(m, n)) : Math.sqrt(Math.max(1, m / n));
        let state: { param: Matrix; momentum: Matrix } = {
          param: rowsOf(weight.dataSync(), n),
          momentum: rowsOf(new Float32Array(m * n), n),
        };
        for (let at = 0; at < 4; at++) {
          const values = rowsOf(step(optimizer, weight, at), n);
          state = muonStep(state, values, { learningRate: 0.05, ...options, scale });
          expect(worst(weight.dataSync(), state.param)).toBeLessThan(5e-6);
          expect(worst(optimizer.state().get(weight.name)!.momentum.dataSync(), state.momentum)).toBeLessThan(1e-6);
        }
        expect(optimizer.iterations).toBe(4);
        optimizer.dispose();
        weight.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 30 },
    );
  });

  it('a step does not depend on the scale of the gradient', () => {
    const [one, other] = [matrix(6, 4, 3), matrix(6, 4, 3)];
    const options = { learningRate: 0.1 };
    step(new Muon(options), one, 1);
    step(new Muon(options), other, 1, 2 ** 10);
    expect(other.dataSync()).toEqual(one.dataSync());
  });

  it.each([0, 1] as const)('treats blocks of axis %i as matrices of their own', (axis) => {
    const sizes = [3, 5, 2];
    const shape = axis === 0 ? [10, 4] : [4, 10];
    const fused = matrix(shape[0], shape[1], 8);
    const parts = tf.split(fused, sizes, axis).map((part) => tf.variable(part));
    const options: MuonOptions = { learningRate: 0.1, blocks: { [fused.name]: { axis, sizes } } };
    const optimizer = new Muon(options);
    const separate = new Muon({ learningRate: 0.1 });
    for (let at = 0; at < 3; at++) {
      const grad = tf.tensor(step(optimizer, fused, at), fused.shape);
      const grads = tf.split(grad, sizes, axis);
      separate.applyGradients(Object.fromEntries(parts.map(({ name }, i) => [name, grads[i]])));
    }
    expect(fused.dataSync()).toEqual(tf.concat(parts, axis).dataSync());
    const whole = matrix(shape[0], shape[1], 8);
    for (let at = 0; at < 3; at++) step(separate, whole, at);
    expect(worst(whole.dataSync(), rowsOf(fused.dataSync(), shape[1]))).toBeGreaterThan(1e-3);
  });

  it('a matrix [inputs, outputs] takes the step of its transpose, of blocks too', () => {
    const values = numbers(9, 24);
    for (const scale of ['spectral', 'adamw'] as const) {
      const outIn = tf.variable(tf.tensor2d(values, [8, 3]));
      const inOut = tf.variable(tf.transpose(outIn));
      const options = { learningRate: 0.1, scale };
      const sizes = [5, 3];
      const one = new Muon({ ...options, blocks: { [outIn.name]: { axis: 0, sizes } } });
      const blocks = { [inOut.name]: { axis: 1 as const, sizes } };
      const other = new Muon({ ...options, blocks, inOut: [inOut.name] });
      const grad = tf.tensor2d(step(one, outIn, 1), [8, 3]);
      other.applyGradients({ [inOut.name]: tf.transpose(grad) });
      expect(worst(tf.transpose(inOut).dataSync(), rowsOf(outIn.dataSync(), 3))).toBeLessThan(1e-6);
    }
  });

  it('resumes from its state with the same bits', () => {
    const weight = matrix(4, 6, 1);
    const optimizer = new Muon({ learningRate: 0.1 });
    for (let at = 0; at < 3; at++) step(optimizer, weight, at);
    const copy = tf.variable(weight.clone());
    const resumed = new Muon({ learningRate: 0.1 });
    resumed.loadState(new Map([[copy.name, optimizer.state().get(weight.name)!]]), optimizer.iterations);
    optimizer.learningRate = 0.02;
    resumed.learningRate = 0.02;
    for (let at = 3; at < 6; at++) {
      step(optimizer, weight, at);
      step(resumed, copy, at);
    }
    expect(copy.dataSync()).toEqual(weight.dataSync());
    expect(resumed.iterations).toBe(6);
  });
});

it('refuses nonsense, word for word', () => {
  expect(() => new Muon({ learningRate: 0.1, momentum: 1 })).toThrow(UnsupportedError);
  expect(() => new Muon({ learningRate: 0.1, momentum: 1 })).toThrow(
    'Muon: expected learningRate >= 0, momentum in [0, 1), weightDecay >= 0, epsilon > 0, whole steps >= 0; got learningRate=0.1, momentum=1, weightDecay=0.1, epsilon=1e-7, steps=5; defaults are 0.95, 0.1, 1e-7, 5',
  );
  const bias = tf.variable(tf.zeros([3]), true, 'muon-bias');
  const refuse = () => new Muon({ learningRate: 0.1 }).applyGradients({ 'muon-bias': bias });
  expect(refuse).toThrow(ShapeError);
  expect(refuse).toThrow('Muon: expected a matrix; got muon-bias=float32[3]; AdamW takes other weights');
  const fused = tf.variable(tf.zeros([2, 6]), true, 'muon-fused');
  const blocks = { 'muon-fused': { axis: 1 as const, sizes: [2, 3] } };
  expect(() => new Muon({ learningRate: 0.1, blocks }).applyGradients({ 'muon-fused': fused })).toThrow(
    'Muon: expected blocks of muon-fused that fill axis 1 of float32[2,6]; got 2 + 3 = 5',
  );
});
