import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkGolden } from './check.ts';
import type { GoldenReport } from './report.ts';

interface File {
  config: { model: string; arguments: Record<string, unknown>; features: Record<string, unknown>[] };
  parameters: Record<string, { data: number[] }>;
  gradients: Record<string, { data: number[] }>;
}

const folder = new URL('./fixtures/fuxictr/', import.meta.url);
const files = ['fm', 'dcnv2-cross', 'dcnv2-mix', 'dssm'];
const read = (file: string): File => JSON.parse(readFileSync(new URL(`${file}.json`, folder), 'utf8'));
const check = async (json: unknown): Promise<GoldenReport> => (await checkGolden(json)) as GoldenReport;

describe.each(['cpu', 'auto'] as const)('ranking models of the reference on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(files)('%s agrees in outputs, loss and every gradient', async (file) => {
    const json = read(file);
    const before = tf.memory().numTensors;
    const { tolerance, maxima, gradients } = await check(json);
    expect(tf.memory().numTensors).toBe(before);
    for (const of of ['outputs', 'loss', 'gradients'] as const) {
      expect(tolerance[of], of).toBeLessThan(1e-5);
      expect(maxima[of], of).toBeLessThan(tolerance[of]);
    }
    expect(Object.keys(gradients)).toEqual(Object.keys(json.gradients));
  });
});

it.each(files)('%s: one changed number of any parameter is noticed', async (file) => {
  const { gradients } = read(file);
  for (const [name, { data }] of Object.entries(gradients)) {
    const at = data.reduce((best, value, i) => (Math.abs(value) > Math.abs(data[best]) ? i : best), 0);
    const changed = read(file);
    changed.parameters[name].data[at] += 0.01;
    const { maxima, tolerance } = await check(changed);
    expect(maxima.loss > tolerance.loss || maxima.outputs > tolerance.outputs, name).toBe(true);
  }
});

describe('files that cannot be compared', () => {
  function changed(file: string, { features, model, ...given }: Record<string, unknown>): File {
    const { config, ...json } = read(file);
    const pooled = config.features.map((each) => ({ ...each, ...(features as object) }));
    const named = { ...config, features: pooled, ...(model !== undefined && { model: model as string }) };
    return { ...json, config: { ...named, arguments: { ...config.arguments, ...given } } };
  }

  it.each([
    ['another model', changed('fm', { model: 'AutoInt' }), 'no AutoInt'],
    [
      'another structure',
      changed('dcnv2-cross', { model_structure: 'stacked_parallel' }),
      'no DCN-V2 with hidden layers both after and beside',
    ],
    [
      'another pooling',
      changed('fm', { features: { pooling: 'sum' } }),
      'no lists but by their mean; genres has another pooling',
    ],
  ])('says so of %s', async (_, json, notYet) => {
    expect(await checkGolden(json)).toMatchObject({ notYet });
  });

  it.each([
    ['an unknown activation', changed('dcnv2-cross', { dnn_activations: 'tanh' })],
    ['an L1 regulariser', changed('fm', { regularizer: 'l1(0.01)' })],
    ['a layer too many', changed('dcnv2-cross', { num_cross_layers: 4 })],
    ['a missing width', changed('dssm', { embedding_dim: undefined })],
  ])('refuses %s', async (_, json) => {
    await expect((async () => checkGolden(json))()).rejects.toThrow(/^golden: /);
  });
});
