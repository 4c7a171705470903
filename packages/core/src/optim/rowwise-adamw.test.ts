import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { AdamW, normals, RowwiseAdamW, ShapeError, streamKey, UnsupportedError, useBackend } from '../index.ts';

const key = streamKey(3, 'rowwise');

beforeAll(async () => {
  await useBackend('cpu');
});

function table(rows: number, d: number): tf.Variable<tf.Rank.R2> {
  return tf.tidy(() => tf.variable(tf.tensor2d(Float32Array.from(normals(key, 0, rows * d)), [rows, d])));
}

function valuesOf(x: Float32Array | tf.Variable): Float32Array {
  return x instanceof tf.Variable ? (x.dataSync() as Float32Array).slice() : x.slice();
}

it('with rows of one number, all touched in every step, it is dense AdamW', async () => {
  const options = { learningRate: 0.05, beta2: 0.98, weightDecay: 0.03 };
  const [ours, dense] = [table(20, 1), table(20, 1)];
  const rowwise = new RowwiseAdamW(ours, options);
  const adamw = new AdamW(options);
  const ids = Int32Array.from({ length: 20 }, (_, i) => i);
  for (let step = 1; step <= 30; step++) {
    const grad = tf.tensor2d(Float32Array.from(normals(key, step, 20)), [20, 1]);
    await rowwise.step(ids, grad);
    adamw.applyGradients({ [dense.name]: grad });
    grad.dispose();
  }
  const expected = dense.dataSync();
  for (const [i, x] of ours.dataSync().entries()) expect(Math.abs(x - expected[i])).toBeLessThan(2e-6);
});

it('goes on from saved moments with the same bits', async () => {
  const options = { learningRate: 0.05 };
  const whole = table(6, 3);
  const first = new RowwiseAdamW(whole, { ...options, moments: 'backend' });
  const step = async (optimizer: RowwiseAdamW, at: number): Promise<void> => {
    const ids = Int32Array.of(at % 3, 3 + (at % 2));
    const grad = tf.tensor2d(Float32Array.from(normals(key, at, 6)), [2, 3]);
    await optimizer.step(ids, grad);
    grad.dispose();
  };
  for (let at = 1; at <= 4; at++) await step(first, at);
  const resumed = tf.tidy(() => tf.variable(tf.tensor2d(whole.dataSync(), [6, 3])));
  // Where the moments live changes nothing.
  const second = new RowwiseAdamW(resumed, { ...options, moments: 'host' });
  const { m, v, steps } = first.state();
  second.loadState({ m: valuesOf(m), v: valuesOf(v), steps: steps.slice() });
  for (let at = 5; at <= 8; at++) {
    await step(first, at);
    await step(second, at);
  }
  expect(resumed.dataSync()).toEqual(whole.dataSync());
  expect(valuesOf(second.state().m)).toEqual(valuesOf(first.state().m));
  expect(valuesOf(second.state().v)).toEqual(valuesOf(first.state().v));
  expect(second.state().steps).toEqual(first.state().steps);
});

it('refuses nonsense, word for word', async () => {
  expect(() => new RowwiseAdamW(table(2, 2), { learningRate: -1 })).toThrow(UnsupportedError);
  const optimizer = new RowwiseAdamW(table(4, 2), { learningRate: 0.1 });
  const refusal = async (ids: number[], shape: [number, number]): Promise<string> => {
    try {
      await optimizer.step(Int32Array.from(ids), tf.zeros(shape));
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      return (error as Error).message;
    }
    return '';
  };
  expect(await refusal([1], [1, 3])).toBe(
    'RowwiseAdamW: expected a gradient [1, 2] for 1 rows of a table [4, 2]; got float32[1,3]',
  );
  expect(await refusal([2, 2], [2, 2])).toBe(
    'RowwiseAdamW: expected strictly increasing ids from 0 to 3; got 2 after 2 at position 1; rowSet makes them',
  );
  expect(await refusal([4], [1, 2])).toMatch(/got 4 after -1 at position 0/);
  expect(() =>
    optimizer.loadState({ m: new Float32Array(8), v: new Float32Array(3), steps: new Int32Array(4) }),
  ).toThrow('RowwiseAdamW: expected m [4, 2], v [4] and steps [4]; got 8, 3 and 4 numbers');
});
