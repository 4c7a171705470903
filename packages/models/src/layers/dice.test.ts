import { normals, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainDice } from '../test-support/plain-dice.ts';
import { HiddenLayers } from './hidden-layers.ts';
import { isRunning } from './layer.ts';
import { RunningStatistics } from './running.ts';

const [INPUT, UNITS] = [3, 4];
const INFERENCE = { training: false, step: 0, seed: 0 };
const TRAINING = { ...INFERENCE, training: true };

const rowsOf = (name: string, count: number): number[][] => {
  const values = normals(streamKey(3, name), 0, count * INPUT).map(Math.fround);
  return Array.from({ length: count }, (_, n) => [...values.subarray(n * INPUT, (n + 1) * INPUT)]);
};

describe.each(['cpu', 'auto'] as const)('hidden layers with dice on %s', (backend) => {
  let layer: HiddenLayers;
  beforeAll(async () => {
    await useBackend(backend);
    layer = new HiddenLayers({
      ...{ inputDim: INPUT, hiddenSizes: [UNITS], dropout: 0, activation: 'dice', stream: 'deep', seed: 1 },
    });
    tf.tidy(() => layer.weight('0.alpha').assign(tf.tensor1d([0.5, -0.2, 0.1, 0])));
  });
  afterAll(() => tf.dispose(layer.names.map((name) => layer.weight(name))));

  const values = (name: string): number[] => [...layer.weight(name).dataSync()];
  /** Rows after the linear map, in float64. */
  const mapped = (rows: number[][]): number[][] => {
    const [w, b] = [values('0.weight'), values('0.bias')];
    return rows.map((x) => b.map((bias, u) => x.reduce((sum, value, i) => sum + w[u * INPUT + i] * value, bias)));
  };
  const weights = () =>
    new Map(
      layer.names.map((name) => {
        const { shape } = layer.weight(name);
        return [name, { shape, data: Float64Array.from(values(name)) }];
      }),
    );
  const expectClose = (got: readonly number[], expected: readonly number[]): void => {
    expect(got).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(Math.abs(got[i] - value), `${i}`).toBeLessThan(2e-6);
  };

  it('keeps running values that are not trained, from mean 0 and variance 1 on', () => {
    const running = layer.names.filter((name) => isRunning(layer.weight(name)));
    expect(running).toEqual(['0.bn.running_mean', '0.bn.running_var']);
    expect(running.map((name) => layer.weight(name).trainable)).toEqual([false, false]);
    expect(values('0.bn.running_mean')).toEqual([0, 0, 0, 0]);
    expect(values('0.bn.running_var')).toEqual([1, 1, 1, 1]);
    expect(layer.names.filter((name) => layer.weight(name).trainable)).toEqual(['0.weight', '0.bias', '0.alpha']);
  });

  it('reads the rows in training and the running values outside it, which training moves when it is told to', () => {
    const before = tf.memory().numTensors;
    const [mean, variance] = [new Array<number>(UNITS).fill(0), new Array<number>(UNITS).fill(1)];
    for (const count of [5, 9, 2]) {
      const rows = rowsOf(`${count}`, count);
      const x = tf.tensor2d(rows);
      const statistics = new RunningStatistics();
      const trained = tf.tidy(() => layer.forward(x, { ...TRAINING, statistics }).dataSync());
      expectClose([...trained], plainDice(weights(), '0', mapped(rows), true).flat());
      const plain = tf.tidy(() => layer.forward(x, INFERENCE).dataSync());
      expectClose([...plain], plainDice(weights(), '0', mapped(rows), false).flat());
      expectClose(values('0.bn.running_mean'), mean);
      statistics.apply();
      const h = mapped(rows);
      for (let u = 0; u < UNITS; u++) {
        const own = h.reduce((sum, row) => sum + row[u], 0) / count;
        const squares = h.reduce((sum, row) => sum + (row[u] - own) ** 2, 0);
        mean[u] = 0.99 * mean[u] + 0.01 * own;
        variance[u] = 0.99 * variance[u] + (0.01 * squares) / (count - 1);
      }
      expectClose(values('0.bn.running_mean'), mean);
      expectClose(values('0.bn.running_var'), variance);
      x.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('moves nothing by a pass outside training, a single row, or what is not applied', () => {
    const held = [values('0.bn.running_mean'), values('0.bn.running_var')];
    const before = tf.memory().numTensors;
    const statistics = new RunningStatistics();
    const [one, many] = [rowsOf('one', 1), rowsOf('many', 6)];
    tf.tidy(() => {
      const y = layer.forward(tf.tensor2d(one), { ...TRAINING, statistics }).dataSync();
      // It stands where the mean is: p = 1/2.
      const alpha = values('0.alpha');
      expectClose(
        [...y],
        mapped(one)[0].map((value, u) => (value + alpha[u] * value) / 2),
      );
      layer.forward(tf.tensor2d(many), { ...INFERENCE, statistics });
    });
    statistics.apply();
    tf.tidy(() => void layer.forward(tf.tensor2d(many), { ...TRAINING, statistics }));
    statistics.dispose();
    statistics.apply();
    expect([values('0.bn.running_mean'), values('0.bn.running_var')]).toEqual(held);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes what is to be noted through `apply` too', () => {
    const statistics = new RunningStatistics();
    const was = values('0.bn.running_mean');
    tf.tidy(() => void layer.apply(tf.tensor2d(rowsOf('applied', 4)), { ...TRAINING, statistics }));
    statistics.apply();
    expect(values('0.bn.running_mean')).not.toEqual(was);
  });
});
