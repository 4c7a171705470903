import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type EncoderBatch, uploadBatch } from '../inputs.ts';
import type { Run, StreamLayer } from '../layers/layer.ts';

export const D = 24;
export const ROWS = 1000;
export const RATE = 0.3;
export const KEPT = 1 / (1 - RATE);
export const training: Run = { training: true, step: 5, seed: 7 };
export const evaluation: Run = { ...training, training: false };
/** `ROWS` histories of one event. */
export function single(): EncoderBatch {
  const column = Int32Array.from({ length: ROWS }, (_, i) => 1 + (i % 20));
  const times = Float64Array.from(column, (item) => 1e9 + item);
  const host: SequenceBatch = {
    users: column,
    offsets: Int32Array.from({ length: ROWS + 1 }, (_, i) => i),
    itemIds: column,
    timestamps: times,
    targets: column,
    targetTimestamps: times,
    ratings: new Float32Array(ROWS).fill(4),
  };
  return uploadBatch(host);
}

export function assign(layer: StreamLayer, weights: Readonly<Record<string, number | number[][]>>): void {
  for (const [name, value] of Object.entries(weights)) {
    const variable = layer.weight(name);
    const made =
      typeof value === 'number' ? tf.fill(variable.shape, value) : tf.reshape(tf.tensor(value), variable.shape);
    variable.assign(made);
  }
}

export const identity = (size = D): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_value, j) => (i === j ? 1 : 0)));

export const rowsOf = (x: tf.Tensor): number[][] => x.arraySync() as number[][];
export const apply = (layer: StreamLayer, inputs: tf.Tensor[], run: Run): number[][] =>
  tf.tidy(() => rowsOf(layer.apply(inputs, { ...run }) as tf.Tensor));
export const constant = (value: number, width = D): tf.Tensor2D => tf.fill([ROWS, width], value) as tf.Tensor2D;

/** Within four standard errors of `n` draws. */
export function expectShare(values: readonly boolean[], expected: number, what: string): void {
  const share = values.filter(Boolean).length / values.length;
  const error = Math.sqrt((expected * (1 - expected)) / values.length);
  expect(Math.abs(share - expected), `${what}: ${share} for ${expected}`).toBeLessThan(4 * error);
}

export const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(b));

/** All numbers are 0 or `kept`, and independently `share` of them are 0. */
export function expectDropped(rows: readonly number[][], kept: number, share: number, what: string): void {
  const values = rows.flat();
  const other = values.find((value) => !near(value, 0) && !near(value, kept));
  expect(other, `${what}: neither 0 nor ${kept}`).toBeUndefined();
  expectShare(
    values.map((value) => near(value, 0)),
    share,
    `${what}, zeros`,
  );
}

/** Training over evaluation, number by number: 0, or what a kept number is scaled by. */
export function ratios(trained: readonly number[][], evaluated: readonly number[][]): number[][] {
  return trained.map((row, t) => row.map((value, c) => value / evaluated[t][c]));
}
