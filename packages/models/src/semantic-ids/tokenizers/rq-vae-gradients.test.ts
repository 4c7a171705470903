import { normals, streamKey, useBackend } from '@seqrec/core';
import '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { assignValues } from '../../parameters.ts';
import { type PlainOptions, type PlainWeights, plainLoss, rotationOf } from '../test-support/plain-rq-vae.ts';
import { rotated } from './rotation.ts';
import { RqVae } from './rq-vae.ts';
import { rqVaeLoss } from './rq-vae-loss.ts';

beforeAll(() => useBackend('simd'));

const sizes = { inputDim: 5, hiddenSizes: [6], width: 3, levels: 3, codes: 4 };
const drawn = (name: string, rows: number, width: number): number[][] => {
  const values = normals(streamKey(3, name), 0, rows * width);
  return Array.from({ length: rows }, (_, r) => Array.from(values.subarray(r * width, (r + 1) * width), Math.fround));
};
const x = drawn('x', 7, 5);
const behaviour = drawn('behaviour', 7, 3);
behaviour[4] = [0, 0, 0];
const positives = [
  [1, 2, -1, 0, 3, 1, 2],
  [0, 0, 1, 2, -1, 3, 0],
  [2, 1, 3, 0, 1, -1, 2],
];
const plain = { commitment: 0.25, gradient: 'straight-through', residuals: 'attached', reduction: 'sum' } as const;
type Setting = Partial<Omit<PlainOptions, 'x' | 'codes'>> & { readonly projected?: boolean };

/** The loss and its gradients by the backend, and by finite differences of the plain formula. */
async function compared({ projected = false, ...setting }: Setting) {
  const { normalize = false, ...rest } = { ...plain, ...setting };
  const model = new RqVae({ ...sizes, projected, normalize }, 1);
  // Biases and maps that are not where they begin.
  for (const [v, variable] of model.variables().entries()) {
    const noise = normals(streamKey(7, `weight ${v}`), 0, variable.size);
    assignValues(variable, (await variable.data()).map((value, e) => value + 0.2 * noise[e]) as Float32Array);
  }
  const nearest = tf.tidy(() =>
    model.forward(tf.tensor2d(x), { commitment: 0 }).codes.map((own) => [...own.dataSync()]),
  ) as unknown as number[][];
  // A code and its positive differ.
  const others = positives.map((own, l) => own.map((p, i) => (p === nearest[l][i] ? (p + 1) % 4 : p)));
  const diversity = setting.diversity && { ...setting.diversity, positives: others };
  const options: PlainOptions = { ...rest, normalize, x, codes: nearest, diversity };
  const int = (own: number[]) => tf.tensor1d(own, 'int32');
  const { value, grads } = tf.variableGrads(() => {
    const pass = model.forward(tf.tensor2d(x), rest);
    return rqVaeLoss(pass, {
      reduction: rest.reduction,
      ...(diversity && { diversity: { weight: diversity.weight, positives: others.map(int) } }),
      ...(rest.collaborative && {
        collaborative: { weight: rest.collaborative.weight, vectors: tf.tensor2d(rest.collaborative.vectors) },
      }),
    });
  }, model.variables());
  const matrix = (weight: tf.Variable) => weight.arraySync() as number[][];
  const layers = (layer: RqVae['encoder']) =>
    [0, 1].map((i) => ({
      weight: matrix(layer.weight(`${i}.weight`)),
      bias: layer.weight(`${i}.bias`).arraySync() as number[],
    }));
  const weights: PlainWeights = {
    ...{ encoder: layers(model.encoder), decoder: layers(model.decoder) },
    tables: [0, 1, 2].map((level) => matrix(model.books.table(level))),
    maps: model.books.maps().map(matrix),
  };
  const [loss, constants] = plainLoss(weights, options);
  const differences = new Map<tf.Variable, number[]>();
  const along = (variable: tf.Variable, rows: readonly number[][]) => {
    const step = 1e-5;
    const slopes = rows.flatMap((row) =>
      row.map((own, j) => {
        const ends = [step, -step].map((by) => {
          row[j] = own + by;
          return plainLoss(weights, options, constants)[0];
        });
        row[j] = own;
        return (ends[0] - ends[1]) / (2 * step);
      }),
    );
    differences.set(variable, slopes);
  };
  for (const [layer, own] of [
    [model.encoder, weights.encoder],
    [model.decoder, weights.decoder],
  ] as const)
    for (const [i, { weight, bias }] of own.entries()) {
      along(layer.weight(`${i}.weight`), weight);
      along(layer.weight(`${i}.bias`), [bias]);
    }
  for (const level of [0, 1, 2]) along(model.books.table(level), weights.tables[level]);
  for (const [level, map] of model.books.maps().entries()) along(map, weights.maps[level]);
  const errors = [...differences].map(([variable, expected]) => {
    const got = grads[variable.name].dataSync();
    const largest = Math.max(1e-3, ...expected.map(Math.abs));
    return Math.max(...expected.map((slope, e) => Math.abs(slope - got[e]) / largest));
  });
  const got = (await value.data())[0];
  tf.dispose([value, grads]);
  model.dispose();
  return { got, loss, worst: Math.max(...errors), compared: errors.length };
}

describe('the loss of an RQ-VAE and its gradients are those of the formula in float64', () => {
  it.each<[string, Setting]>([
    ['straight-through', {}],
    ['straight-through, residuals passed', { residuals: 'passed' }],
    ['rotation', { gradient: 'rotation' }],
    ['rotation, residuals passed', { gradient: 'rotation', residuals: 'passed' }],
    ['projected', { projected: true }],
    ['normalised', { normalize: true, gradient: 'rotation' }],
    ['normalised and projected', { normalize: true, projected: true }],
    ['means', { reduction: 'mean' }],
    ['diversity', { diversity: { weight: 0.7, positives } }],
    ['diversity of projected, means', { projected: true, reduction: 'mean', diversity: { weight: 0.7, positives } }],
    ['collaborative', { collaborative: { weight: 0.6, vectors: behaviour } }],
    ['collaborative, rotation', { gradient: 'rotation', collaborative: { weight: 0.6, vectors: behaviour } }],
  ])('%s', async (_, setting) => {
    const { got, loss, worst, compared: count } = await compared(setting);
    expect(Math.abs(got - loss) / loss).toBeLessThan(2e-6);
    expect(worst).toBeLessThan(2e-5);
    expect(count).toBe(8 + 3 + (setting.projected ? 3 : 0));
  });
});

describe('rotated', () => {
  const gradientOf = (r: number[][], e: number[][], dq: number[][]) =>
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((rows) => rotated(rows as tf.Tensor2D, tf.tensor2d(e)))(
        tf.tensor2d(r),
        tf.tensor2d(dq),
      );
      return { value: value.arraySync(), grad: grad.arraySync() as number[][] };
    });

  it('gives the codes themselves, and turns a gradient back by the rotation that turns r into e', () => {
    const [r, e, dq] = ['r', 'e', 'dq'].map((name) => drawn(name, 5, 4));
    const { value, grad } = gradientOf(r, e, dq);
    expect(value).toEqual(e);
    for (const [i, row] of r.entries()) {
      const turn = rotationOf(row, e[i]);
      const turned = turn.map((own) => own.reduce((sum, each, j) => sum + each * row[j], 0));
      for (const [j, each] of turned.entries()) expect(each).toBeCloseTo(e[i][j], 12);
      for (const j of row.keys()) {
        const expected = turn.reduce((sum, own, k) => sum + own[j] * dq[i][k], 0);
        expect(grad[i][j]).toBeCloseTo(expected, 4);
      }
    }
  });

  it('passes a gradient as it is where there is nothing to turn, and turns opposite rows', () => {
    const { grad } = gradientOf(
      [
        [0, 0],
        [1, 1],
        [1, 0],
      ],
      [
        [1, 1],
        [0, 0],
        [-2, 0],
      ],
      [
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    );
    expect(grad.slice(0, 2)).toEqual([
      [3, 4],
      [5, 6],
    ]);
    // R is the identity less twice the direction itself; it is twice as long.
    expect(grad[2][0]).toBeCloseTo(-14, 4);
    expect(grad[2][1]).toBeCloseTo(16, 4);
  });
});
