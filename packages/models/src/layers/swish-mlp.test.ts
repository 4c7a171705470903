import { normals, streamKey, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ActionBits } from './action-bits.ts';
import type { StreamLayer } from './layer.ts';
import { SwishMlp } from './swish-mlp.ts';

beforeAll(async () => {
  await useBackend('auto');
});

/** Every weight drawn anew, in float64. */
function redrawn(layer: StreamLayer): Map<string, number[][]> {
  return new Map(
    layer.names.map((name) => {
      const variable = layer.weight(name);
      const values = Array.from(normals(streamKey(2, name), 0, variable.size), (x) => Math.fround(0.7 * x));
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
      const width = variable.size / variable.shape[0];
      const rows = Array.from({ length: variable.shape[0] }, (_, r) => values.slice(r * width, (r + 1) * width));
      return [name, rows];
    }),
  );
}

/** The formula in plain loops. */
function plainMlp(w: Map<string, number[][]>, x: readonly number[], normed: boolean): number[] {
  const column = (name: string): number[] => w.get(name)!.map(([value]) => value);
  const map = (name: string, v: readonly number[]): number[] => {
    const bias = column(`${name}.bias`);
    return w.get(`${name}.weight`)!.map((row, o) => row.reduce((sum, a, i) => sum + a * v[i], bias[o]));
  };
  const norm = (name: string, v: readonly number[]): number[] => {
    const mean = v.reduce((sum, a) => sum + a, 0) / v.length;
    const variance = v.reduce((sum, a) => sum + (a - mean) ** 2, 0) / v.length;
    const [gain, bias] = [column(`${name}.weight`), column(`${name}.bias`)];
    return v.map((a, i) => ((a - mean) / Math.sqrt(variance + 1e-5)) * gain[i] + bias[i]);
  };
  const hidden = map('0', x);
  const out = map(
    '2',
    norm('1', hidden).map((z, i) => hidden[i] / (1 + Math.exp(-z))),
  );
  return normed ? norm('3', out) : out;
}

describe.each([true, false])('SwishMlp, normed %s', (normed) => {
  const layer = new SwishMlp({ inputDim: 5, hiddenDim: 7, outputDim: 3, normed, seed: 1, stream: `mlp.${normed}` });
  const x = Array.from({ length: 4 }, (_, r) => Array.from({ length: 5 }, (_c, i) => Math.fround(Math.sin(3 * r + i))));

  it('has the values of the formula', () => {
    const weights = redrawn(layer);
    const got = tf.tidy(() => layer.forward(tf.tensor2d(x)).arraySync());
    for (const [r, row] of x.entries()) {
      for (const [i, value] of plainMlp(weights, row, normed).entries()) expect(got[r][i]).toBeCloseTo(value, 5);
    }
  });

  it('has the gradients of finite differences in float64', () => {
    const weights = redrawn(layer);
    const loss = (): number =>
      x.reduce(
        (sum, row, r) => sum + plainMlp(weights, row, normed).reduce((s, y, i) => s + y * Math.cos(r + 2 * i), 0),
        0,
      );
    const cotangent = x.map((_, r) => Array.from({ length: 3 }, (_c, i) => Math.cos(r + 2 * i)));
    const variables = layer.names.map((name) => layer.weight(name));
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.mul(layer.forward(tf.tensor2d(x)), tf.tensor2d(cotangent))) as tf.Scalar,
      variables,
    );
    for (const [n, name] of layer.names.entries()) {
      const got = grads[variables[n].name].dataSync();
      const rows = weights.get(name)!;
      const slopes = rows.flatMap((row) =>
        row.map((at, i) => {
          const [up, down] = [1e-5, -1e-5].map((step) => {
            row[i] = at + step;
            return loss();
          });
          row[i] = at;
          return (up - down) / 2e-5;
        }),
      );
      const largest = Math.max(...slopes.map(Math.abs));
      for (const [i, slope] of slopes.entries())
        expect(Math.abs(got[i] - slope), name).toBeLessThan(2e-5 * largest + 1e-6);
    }
    tf.dispose([value, grads]);
  });
});

it('ActionBits puts the rows of what was done side by side, zeros for the rest', () => {
  const layer = new ActionBits({ numActions: 3, actionDim: 2, seed: 1, stream: 'actions' });
  const table = redrawn(layer).get('table')!;
  const got = tf.tidy(() => tf.add(layer.done(Int32Array.of(0b101, 0, 0b010)), 0).arraySync());
  const none = [0, 0];
  expect(got).toEqual([
    [...table[0], ...none, ...table[2]],
    [...none, ...none, ...none],
    [...none, ...table[1], ...none],
  ]);
  expect(tf.tidy(() => layer.unknown(2).arraySync())).toEqual(
    Array.from({ length: 2 }, () => Array.from(layer.weight('unknown').dataSync())),
  );
});
