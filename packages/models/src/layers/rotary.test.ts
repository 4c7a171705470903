import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import type { EncoderBatch } from '../inputs.ts';
import { rmsNorm } from './rms-norm.ts';
import { rotate, rotationsOf } from './rotary.ts';
import { LearnedTemperature } from './temperature.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('rotary positions: inner products of one head depend on the distance alone, and lengths stay', () => {
  const positions = tf.tensor1d([0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4], 'int32');
  const batch = { longest: 9, numTokens: 14, positions } as EncoderBatch;
  const [heads, width] = [2, 6];
  const row = tf.randomNormal([1, heads * width], 0, 1, 'float32', 4);
  const other = tf.randomNormal([1, heads * width], 0, 1, 'float32', 5);
  const rotation = rotationsOf(batch, heads, width);
  const everywhere = (x: tf.Tensor): number[][][] => {
    const tiled = tf.tile(x, [14, 1]) as tf.Tensor2D;
    return tf.reshape(rotate(tiled, heads, rotation), [14, heads, width]).arraySync() as number[][][];
  };
  const [q, k] = [everywhere(row), everywhere(other)];
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
  for (let h = 0; h < heads; h++) {
    expect(dot(q[7][h], k[4][h])).toBeCloseTo(dot(q[3][h], k[0][h]), 4);
    // The second sequence starts at position 0 again.
    expect(dot(q[12][h], k[9][h])).toBeCloseTo(dot(q[3][h], k[0][h]), 4);
    expect(dot(q[7][h], k[5][h])).not.toBeCloseTo(dot(q[3][h], k[0][h]), 2);
    expect(dot(q[8][h], q[8][h])).toBeCloseTo(dot(q[0][h], q[0][h]), 4);
  }
});

it('rotations are those of the formula, for a short batch after a long one and for one longer than any before', () => {
  const [heads, width] = [3, 4];
  for (const longest of [5, 2, 7]) {
    const positions = tf.tensor1d([0, longest - 1, 1], 'int32');
    const { cosine, sine } = rotationsOf({ longest, numTokens: 3, positions } as EncoderBatch, heads, width);
    expect(cosine.shape).toEqual([3, 12]);
    const angles = [0, longest - 1, 1].flatMap((p) => Array.from({ length: 12 }, (_, i) => p * 100 ** -(i % 2)));
    expect([...cosine.dataSync()]).toEqual(angles.map((angle) => Math.fround(Math.cos(angle))));
    expect([...sine.dataSync()]).toEqual(angles.map((angle) => Math.fround(Math.sin(angle))));
  }
});

it('RMS norm: x over its root mean square, times the gain', () => {
  const out = rmsNorm(tf.tensor2d([[3, 4, 0, 0]]), tf.tensor1d([1, 2, 1, 1])).arraySync();
  const rms = 2.5;
  expect(out[0][0]).toBeCloseTo(3 / rms, 5);
  expect(out[0][1]).toBeCloseTo((2 * 4) / rms, 5);
});

it('RMS norm: a row of zeros stays zero and has a gradient', () => {
  const gain = tf.tensor1d([1, 2, 1, 1]);
  const dx = tf.grad((x) => tf.sum(rmsNorm(x as tf.Tensor2D, gain)))(tf.zeros([1, 4])) as tf.Tensor2D;
  expect(rmsNorm(tf.zeros([1, 4]), gain).arraySync()).toEqual([[0, 0, 0, 0]]);
  // The gain over the root of epsilon.
  expect(dx.arraySync()[0].map((value) => Math.round(value))).toEqual([1000, 2000, 1000, 1000]);
});

it('a learned temperature starts at its base and ends at 0.01', () => {
  const layer = new LearnedTemperature({ stream: 'test' });
  expect(layer.value(0.05).dataSync()[0]).toBeCloseTo(0.05, 6);
  (layer.weight('theta') as tf.Variable).assign(tf.tensor1d([-50]));
  expect(layer.value(0.05).dataSync()[0]).toBeCloseTo(0.01, 6);
  expect(() => layer.value(0.01)).toThrow(/temperature: expected more than 0.01, .* got 0.01; start higher/);
});
