import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Adagrad,
  normals,
  RowwiseAdagrad,
  RowwiseAdamW,
  ShapeError,
  streamKey,
  UnsupportedError,
  useBackend,
} from '../index.ts';
import { adagradStep, rowwiseAdagradStep } from '../reference/index.ts';

const key = streamKey(5, 'adagrad');
const options = fc.record({
  learningRate: fc.constantFrom(0.01, 0.3),
  learningRateDecay: fc.constantFrom(0, 0.2),
  weightDecay: fc.constantFrom(0, 0.1),
  initialAccumulator: fc.constantFrom(0, 0.5),
  epsilon: fc.constantFrom(1e-10, 1e-3),
});
const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  d: fc.integer({ min: 1, max: 19 }),
  seed: fc.nat(1000),
});

const numbers = (at: number, count: number): Float32Array => Float32Array.from(normals(key, at, count));
const table = (rows: number, d: number, values: ArrayLike<number>): tf.Variable =>
  tf.tidy(() => tf.variable(tf.tensor2d(Float32Array.from(values), [rows, d])));
const worst = (got: ArrayLike<number>, expected: ArrayLike<number>): number =>
  Math.max(...Array.from(got, (value, i) => Math.abs(value - expected[i])));
const constants = (
  given: { learningRate: number; learningRateDecay: number; epsilon: number; weightDecay: number },
  step: number,
) => ({
  ...given,
  learningRate: given.learningRate / (1 + step * given.learningRateDecay),
});

/** Rows of step `at`, strictly increasing; some steps have none. */
const rowsOf = (at: number, rows: number): Int32Array =>
  Int32Array.from({ length: rows }, (_, row) => row).filter((row) => (row * 7 + at * 3) % 4 < 2);

async function stepRows(optimizer: RowwiseAdagrad, at: number): Promise<{ ids: Int32Array; values: Float32Array }> {
  const [rows, d] = optimizer.table.shape;
  const ids = rowsOf(at, rows);
  const values = numbers(at, ids.length * d);
  const grad = tf.tensor2d(values, [ids.length, d]);
  await optimizer.step(ids, grad);
  grad.dispose();
  return { ids, values };
}

describe.each(['cpu', 'simd'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('row-wise steps leave what shares its values with the table as it was', async () => {
    const start = tf.ones([4, 2]) as tf.Tensor2D;
    const [first, second] = [tf.variable(start), tf.variable(start)];
    const copy = tf.clone(first);
    const optimizer = new RowwiseAdagrad(first, { learningRate: 0.5 });
    await optimizer.step(Int32Array.of(1), tf.tensor2d([[1, 1]]));
    expect([...(await first.data())]).not.toEqual(new Array(8).fill(1));
    for (const other of [start, second, copy]) expect([...(await other.data())]).toEqual(new Array(8).fill(1));
    tf.dispose([start, first, second, copy]);
  });

  it.each([RowwiseAdagrad, RowwiseAdamW])(
    '%o refuses a step beside another one, and goes on after it',
    async (Kind) => {
      const table = tf.variable(tf.ones([4, 2]));
      const optimizer = new Kind(table, { learningRate: 0.5 });
      const grad = tf.ones([1, 2]) as tf.Tensor2D;
      const first = optimizer.step(Int32Array.of(1), grad);
      await expect(optimizer.step(Int32Array.of(1), grad)).rejects.toThrow(
        `${Kind.name}: expected the step before to have ended; got a step beside it; await each step`,
      );
      await first;
      await optimizer.step(Int32Array.of(1), grad);
      await expect(optimizer.step(Int32Array.of(9), grad)).rejects.toThrow(ShapeError);
      await optimizer.step(Int32Array.of(1), grad);
      optimizer.dispose();
      tf.dispose([table, grad]);
    },
  );

  it('dense: equals float64 after each of some steps, without a leak', () => {
    fc.assert(
      fc.property(options, sizes, (given, { rows, d, seed }) => {
        const before = tf.memory().numTensors;
        const start = numbers(seed, rows * d);
        const weight = table(rows, d, start);
        const optimizer = new Adagrad(given);
        let state: ReturnType<typeof adagradStep> = {
          param: Float64Array.from(start),
          sum: new Float64Array(rows * d).fill(given.initialAccumulator),
        };
        for (let at = 0; at < 5; at++) {
          const values = numbers(2000 + at, rows * d);
          const grad = tf.tensor2d(values, [rows, d]);
          optimizer.applyGradients({ [weight.name]: grad });
          grad.dispose();
          state = adagradStep(state, values, constants(given, at));
          expect(worst(weight.dataSync(), state.param)).toBeLessThan(3e-6);
          expect(worst(optimizer.state().get(weight.name)!.sum.dataSync(), state.sum)).toBeLessThan(1e-5);
        }
        expect(optimizer.iterations).toBe(5);
        optimizer.dispose();
        weight.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 20 },
    );
  });

  it('row-wise: equals float64 on the rows that have a gradient, leaves the others alone, without a leak', async () => {
    await fc.assert(
      fc.asyncProperty(options, sizes, async (given, { rows, d, seed }) => {
        const before = tf.memory().numTensors;
        const start = numbers(seed, rows * d);
        const optimizer = new RowwiseAdagrad(table(rows, d, start), given);
        const states = Array.from({ length: rows }, (_, row) => ({
          param: Float64Array.from(start.subarray(row * d, (row + 1) * d)),
          sum: given.initialAccumulator as number,
        })) as ReturnType<typeof rowwiseAdagradStep>[];
        for (let at = 0; at < 5; at++) {
          const { ids, values } = await stepRows(optimizer, at);
          for (const [u, id] of ids.entries()) {
            states[id] = rowwiseAdagradStep(states[id], values.subarray(u * d, (u + 1) * d), constants(given, at));
          }
        }
        const got = optimizer.table.dataSync();
        expect(
          worst(
            got,
            states.flatMap(({ param }) => [...param]),
          ),
        ).toBeLessThan(3e-6);
        expect(
          worst(
            optimizer.state().sum,
            states.map(({ sum }) => sum),
          ),
        ).toBeLessThan(1e-5);
        const touched = new Set([0, 1, 2, 3, 4].flatMap((at) => [...rowsOf(at, rows)]));
        for (let row = 0; row < rows; row++) {
          const same = got.subarray(row * d, (row + 1) * d).every((x, k) => x === start[row * d + k]);
          expect(same).toBe(!touched.has(row));
        }
        optimizer.dispose();
        optimizer.table.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 20 },
    );
  });

  it('both resume from their states with the same bits', async () => {
    const given = { learningRate: 0.1, learningRateDecay: 0.3, weightDecay: 0.1 };
    const [whole, rows] = [table(5, 3, numbers(1, 15)), table(6, 4, numbers(2, 24))];
    const dense = new Adagrad(given);
    const rowwise = new RowwiseAdagrad(rows, given);
    const step = (optimizer: Adagrad, weight: tf.Variable, at: number): void => {
      const grad = tf.tensor2d(numbers(at, 15), [5, 3]);
      optimizer.applyGradients({ [weight.name]: grad });
      grad.dispose();
    };
    for (let at = 0; at < 4; at++) {
      step(dense, whole, at);
      await stepRows(rowwise, at);
    }
    const [wholeCopy, rowsCopy] = [table(5, 3, whole.dataSync()), table(6, 4, rows.dataSync())];
    const denseCopy = new Adagrad(given);
    denseCopy.loadState(new Map([[wholeCopy.name, dense.state().get(whole.name)!]]), dense.iterations);
    const rowwiseCopy = new RowwiseAdagrad(rowsCopy, given);
    const { sum, iterations } = rowwise.state();
    rowwiseCopy.loadState({ sum: sum.slice(), iterations });
    for (const each of [dense, denseCopy, rowwise, rowwiseCopy]) each.learningRate = 0.05;
    for (let at = 4; at < 8; at++) {
      step(dense, whole, at);
      step(denseCopy, wholeCopy, at);
      await stepRows(rowwise, at);
      await stepRows(rowwiseCopy, at);
    }
    expect(wholeCopy.dataSync()).toEqual(whole.dataSync());
    expect(rowsCopy.dataSync()).toEqual(rows.dataSync());
    expect(rowwiseCopy.state()).toEqual(rowwise.state());
    tf.dispose([whole, rows, wholeCopy, rowsCopy]);
  });
});

it('refuses nonsense, word for word', async () => {
  expect(() => new Adagrad({ learningRate: 0.1, epsilon: 0 })).toThrow(UnsupportedError);
  expect(() => new Adagrad({ learningRate: 0.1, epsilon: 0 })).toThrow(
    'Adagrad: expected epsilon > 0 and all others >= 0; got learningRate=0.1, learningRateDecay=0, weightDecay=0, initialAccumulator=0, epsilon=0; defaults are 0, 0, 0, 1e-10',
  );
  const adagrad = new Adagrad({ learningRate: 0.1 });
  expect(() => adagrad.applyGradients({ nobody: tf.zeros([2]) })).toThrow(
    "Adagrad: expected the gradient of 'nobody' to have the shape of its variable; got gradient=float32[2], no such variable; gradients go by variable name",
  );
  expect(() => adagrad.loadState(new Map([['w', {} as never]]), 1)).toThrow(
    "Adagrad: expected 'sum' in the state of 'w'; got nothing",
  );
  const rowwise = new RowwiseAdagrad(table(3, 2, new Float32Array(6)), { learningRate: 0.1 });
  await expect(rowwise.step(Int32Array.of(2, 1), tf.zeros([2, 2]))).rejects.toThrow(
    'RowwiseAdagrad: expected strictly increasing ids from 0 to 2; got 1 after 2 at position 1; rowSet makes them',
  );
  expect(() => rowwise.loadState({ sum: new Float32Array(2), iterations: 1 })).toThrow(ShapeError);
  expect(() => rowwise.loadState({ sum: new Float32Array(2), iterations: 1 })).toThrow(
    'RowwiseAdagrad: expected a sum [3]; got 2 numbers',
  );
});
