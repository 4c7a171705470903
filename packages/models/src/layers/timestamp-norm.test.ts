import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { clockFeatures, dayAndWeek, TimestampNorm } from './timestamp-norm.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

const close = (got: ArrayLike<number>, expected: readonly number[]): void => {
  expect(got).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(got[at]).toBeCloseTo(value, 5);
};
const clock = (seconds: number, options = {}, periods = dayAndWeek): Float32Array =>
  tf.tidy(() => clockFeatures([seconds], periods, options).dataSync()) as Float32Array;

it('has a hand for the hour of the day and one for the day of the week, whole steps, before 1970 too', () => {
  close(clock(0), [1, 0, 1, 0]);
  close(clock(6 * 3600 + 3599), [0, 1, 1, 0]);
  const day = (2 * Math.PI) / 7;
  close(clock(86_400 + 12 * 3600), [-1, 0, Math.cos(day), Math.sin(day)]);
  close(clock(-1), [Math.cos(Math.PI / 12), -Math.sin(Math.PI / 12), Math.cos(day), -Math.sin(day)]);
});

it('has the angles of the public code: 6.28 a turn, and seconds of float32, which end an hour early', () => {
  close(clock(23 * 3600, { turn: 6.28 }).slice(0, 2), [Math.cos((6.28 * 23) / 24), Math.sin((6.28 * 23) / 24)]);
  // 2^30 is a multiple of 128, and 64 s before a multiple of it the nearest float32 is the later one.
  const hour = 300_000 * 3600;
  expect(Math.fround(hour - 1)).toBe(hour);
  close(clock(hour - 1, { isRounded: true }), [...clock(hour)]);
  close(clock(hour - 1).slice(0, 2), [Math.cos(Math.PI / 12), -Math.sin(Math.PI / 12)]);
});

it('is its formula', () => {
  const layer = new TimestampNorm({ embeddingDim: 3, timeDim: 2, epsilon: 0.1, stream: 'test' });
  const [w, b] = [
    [1, -2, 0.5, 3, -1, 0.2, 0.7, -0.4, 1, 2, -3, 1, 1, 0.1, -2],
    [0.3, -0.1, 0.2],
  ];
  const [gain, bias] = [
    [2, -1, 0.5],
    [0.1, 0.2, -0.3],
  ];
  const [x, c] = [
    [0.4, -1.2, 2],
    [0.6, -0.8],
  ];
  layer.weight('combiner.weight').assign(tf.tensor2d(w, [3, 5]));
  for (const [name, values] of Object.entries({ 'combiner.bias': b, 'norm.weight': gain, 'norm.bias': bias })) {
    layer.weight(name).assign(tf.tensor1d(values));
  }
  const z = b.map((start, i) => [...x, ...c].reduce((sum, value, j) => sum + value * w[i * 5 + j], start));
  const mean = z.reduce((sum, value) => sum + value, 0) / 3;
  const variance = z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3;
  const expected = z.map((value, i) => ((value - mean) / Math.sqrt(variance + 0.1)) * gain[i] + bias[i]);
  close((layer.apply([tf.tensor2d(x, [1, 3]), tf.tensor2d(c, [1, 2])]) as tf.Tensor).dataSync(), expected);
});
