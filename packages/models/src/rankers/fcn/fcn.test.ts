import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { checkGolden } from '../../golden/check.ts';
import { changedFuxiCtr, describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { fcnConfigSchema } from './config.ts';
import { fcnNet, halvesOfHeads } from './fcn.ts';
import { plainFcn } from './test-support/plain.ts';

function formula(own: object, labels: number, { heads = 1, layerNorm = true } = {}): RowFormula {
  const shared = { kind: 'fcn', embeddingDim: 4, embeddingStd: 0.7, exponentialLayers: 2, linearLayers: 3 } as const;
  const config = fcnConfigSchema.parse({ ...shared, heads, layerNorm, ...own });
  return {
    net: (options) => fcnNet(config, options),
    plain: (w, rows) => plainFcn(w, rows, { exponential: 2, linear: 3, heads, layerNorm }),
    labels,
  };
}

describeRowFormulas({
  'layer norm': formula({}, 2),
  'no layer norm, two heads': formula({}, 1, { heads: 2, layerNorm: false }),
});

const file = fuxiCtrFile('fcn-dcnv3');
describeFuxiCtr({ 'fcn-dcnv3': file });

it('files of the reference with batch norm have nothing to be compared with', async () => {
  expect(await checkGolden(changedFuxiCtr(file(), { batch_norm: true }))).toMatchObject({
    notYet: 'no FCN with batch norm',
  });
});

it('cuts vectors into heads, and these into halves', () => {
  // Two fields of four numbers each.
  const x = tf.tensor2d([0, 1, 2, 3, 10, 11, 12, 13], [1, 8]);
  expect(halvesOfHeads(x, 2, 1).arraySync()).toEqual([[0, 1, 10, 11, 2, 3, 12, 13]]);
  expect(halvesOfHeads(x, 2, 2).arraySync()).toEqual([
    [0, 10, 1, 11],
    [2, 12, 3, 13],
  ]);
});

describe('the degree of a branch', () => {
  /** The value of x that is left when all weights are one. */
  function branchAt(form: 'exponential' | 'linear', layers: number, x: number): number {
    const config = { kind: 'fcn', embeddingDim: 2, layerNorm: false, exponentialLayers: layers, linearLayers: layers };
    const fields = [{ name: 'x', shape: { kind: 'number', width: 1 } }] as const;
    const net = fcnNet(fcnConfigSchema.parse(config), { fields, labels: 1, seed: 1 });
    const { cross } = net[form];
    for (const name of cross.names) {
      const variable = cross.weight(name);
      variable.assign(name.endsWith('bias') ? tf.zeros(variable.shape) : tf.fill(variable.shape, 0.5));
    }
    return tf.tidy(() =>
      cross.forward(tf.tensor2d([x, x], [1, 2]), { training: false, step: 0, seed: 0 }).arraySync(),
    )[0][0];
  }

  it.each([
    // The half without a mask: a layer multiplies what it has by x (linear), or by itself.
    ['linear', 1, 2],
    ['linear', 2, 4],
    ['exponential', 1, 2],
    ['exponential', 2, 5],
  ] as const)('%s of %i layers is %i', (form, layers, degree) => {
    const [small, large] = [1e3, 1e4].map((x) => branchAt(form, layers, x));
    expect(Math.log10(large / small)).toBeCloseTo(degree, 1);
  });
});

describe('configurations of FCN', () => {
  const given = { kind: 'fcn', embeddingDim: 16 };
  const parse = (config: object) => parseConfig(fcnConfigSchema, config, 'model config (fcn)');

  it('have the defaults of the reference', () => {
    const own = { exponentialLayers: 4, linearLayers: 4, heads: 1, layerNorm: true, dropout: 0, detachWeights: false };
    expect(parse(given)).toEqual({ ...given, ...rowDefaults, ...own });
  });

  it.each([
    [{ embeddingDim: 15 }, 'embeddingDim: expected a multiple of twice the heads: each part of a vector is cut'],
    [{ heads: 3 }, 'embeddingDim: expected a multiple of twice the heads'],
    [{ exponentialLayers: 0 }, 'exponentialLayers: expected number >= 1; got 0'],
  ])('refuse %j', (settings, message) => {
    expect(() => parse({ ...given, ...settings })).toThrow(`model config (fcn): ${message}`);
  });
});
