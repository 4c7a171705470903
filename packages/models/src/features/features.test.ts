import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeBatch, type Split } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTrainer,
  evaluate,
  exportWeights,
  loadCheckpoint,
  loadModel,
  modelFromBytes,
  readWholeFile,
  recommend,
  sampledSoftmaxObjective,
  saveCheckpoint,
  type TokenEncoder,
  uploadBatch,
} from '../index.ts';
import {
  COLD,
  configOf,
  encoderNames,
  INFERENCE,
  ITEMS,
  modelOf,
  split,
  weightsOf,
} from '../test-support/feature-world.ts';
import { denseGradients, rowwiseGradients } from '../test-support/gradients.ts';
import { disposeGradients } from '../train/gradients.ts';

const folder = mkdtempSync(join(process.cwd(), 'node_modules', '.features-'));

beforeAll(() => tf.setBackend('cpu'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(encoderNames)('%s with features', (name) => {
  it.each([{}, { combineFeatures: 'concat', featureDim: 3 }])(
    'gives items the vector of the formula (%o)',
    (settings) => {
      const model = modelOf(split, configOf(name, settings));
      const weights = weightsOf(model);
      const w = (key: string): number[][] => weights.get(key) as number[][];
      const table = w('_embedding_module._item_emb.weight');
      const [genres, title] = ['genres', 'title'].map(
        (column) => model.features!.features.find((f) => f.name === column)!,
      );
      const rowOf = (feature: typeof genres, id: string): number =>
        'ids' in feature.transform ? Math.max(1, 2 + feature.transform.ids.indexOf(id)) : Number.NaN;
      const mean = (rows: number[][]): number[] =>
        rows[0].map((_, d) => rows.reduce((s, row) => s + row[d], 0) / rows.length);
      const mapped = (feature: string, vector: number[]): number[] => {
        const matrix = weights.get(`features.items.${feature}.projection`);
        return matrix === undefined ? vector : matrix.map((row) => row.reduce((s, x, d) => s + x * vector[d], 0));
      };
      const sizes = Array.from({ length: 18 }, (_, i) => i + 1).filter((item) => item !== 4);
      const average = sizes.reduce((s, x) => s + x, 0) / sizes.length;
      const deviation = Math.sqrt(sizes.reduce((s, x) => s + (x - average) ** 2, 0) / sizes.length);
      const effective = Array.from({ length: ITEMS }, (_, i) => {
        const item = i + 1;
        const own = COLD.includes(item) ? table[item].map(() => 0) : table[item];
        const map = weights.get('features.id.weight');
        const bias = weights.get('features.id.bias') as unknown as number[];
        const id = map === undefined ? own : map.map((row, d) => bias[d] + row.reduce((s, x, k) => s + x * own[k], 0));
        const size = item === 4 ? 0 : (item - average) / deviation;
        const parts = [
          mapped(
            'genres',
            mean(
              [`g${item % 3}`, ...(item % 2 ? ['odd'] : [])].map(
                (g) => w('features.items.genres.weight')[rowOf(genres, g)],
              ),
            ),
          ),
          mapped(
            'size',
            w('features.items.size.weight')[0].map((x) => x * size),
          ),
          mapped(
            'title',
            mean(['thing', String(item % 4)].map((word) => w('features.items.title.weight')[rowOf(title, word)])),
          ),
        ];
        return id.map((x, d) => x + parts.reduce((s, part) => s + part[d], 0));
      });
      const vectors = tf.tidy(() => model.itemVectors().arraySync() as number[][]);
      if (name === 'pinnerformer') {
        // Its item network stands between: equal effective vectors are equal vectors, and cold ones differ from others.
        expect(vectors[19].every(Number.isFinite)).toBe(true);
      } else {
        effective.forEach((vector, i) => {
          const length = Math.hypot(...vector);
          for (const [d, x] of vector.entries()) expect(vectors[i + 1][d]).toBeCloseTo(x / Math.max(length, 1e-6), 4);
        });
      }
      model.dispose();
    },
  );

  it('reads features of events and users in the history, and trains every weight of them', async () => {
    const model = modelOf(split, configOf(name));
    expect(model.columns).toEqual({ tokens: ['dwell'], users: ['city'] });
    const batch = makeBatch(split.train, [0, 1, 2, 4, 5, 7], model.columns);
    const gradients = await denseGradients({
      model,
      objective: sampledSoftmaxObjective({ numNegatives: 8, temperature: 0.1 }),
      batch,
      run: { training: true, step: 0, seed: 1 },
    });
    for (const [weight, variable] of model.variables()) {
      if (!weight.startsWith('features.')) continue;
      const size = tf.tidy(() => tf.max(tf.abs(gradients.dense[variable.name])).arraySync() as number);
      expect(size, weight).toBeGreaterThan(0);
    }
    disposeGradients(gradients);
    const encoded = (with_: typeof batch) => {
      const uploaded = uploadBatch(with_);
      const value = tf.tidy(() => model.encode(uploaded, INFERENCE).arraySync() as number[][]);
      uploaded.dispose();
      return value;
    };
    const whole = encoded(batch);
    const tokens = batch.columns!.tokens!;
    const other = new Map([
      ['dwell', { kind: 'number', width: 1, values: Float32Array.from(batch.itemIds, () => Number.NaN) } as const],
    ]);
    expect(encoded({ ...batch, columns: { ...batch.columns, tokens: other } })).not.toEqual(whole);
    expect(encoded({ ...batch, columns: { tokens } })).not.toEqual(whole);
    model.dispose();
  });

  it('has the gradients of finite differences', async () => {
    const model = modelOf(split, configOf(name, { combineFeatures: 'concat', featureDim: 2 }));
    const batch = makeBatch(split.train, [0, 3, 6], model.columns);
    const objective = sampledSoftmaxObjective({ numNegatives: 6, temperature: 0.5 });
    const request = { model, objective, batch, run: { training: true, step: 3, seed: 2 } };
    const lossNow = async (): Promise<number> => {
      const { loss, ...rest } = await denseGradients(request);
      const value = loss.arraySync();
      disposeGradients({ loss, ...rest });
      return value;
    };
    // Vectors are normalised: of a size at which a step is a small turn.
    for (const [weight, variable] of model.variables()) {
      if (/^features\.|_item_emb/.test(weight)) variable.assign(tf.tidy(() => tf.mul(variable, 30)));
    }
    const gradients = await denseGradients(request);
    // Dropout depends on the step alone, so that the loss is a function of the weights.
    for (const [weight, variable] of model.variables()) {
      if (!weight.startsWith('features.')) continue;
      const grad = Float32Array.from(gradients.dense[variable.name].dataSync());
      const values = Float32Array.from(variable.dataSync());
      const at = grad.reduce((most, x, i) => (Math.abs(x) > Math.abs(grad[most]) ? i : most), 0);
      const step = 0.005;
      const moved: number[] = [];
      for (const sign of [1, -1]) {
        const next = values.slice();
        next[at] += sign * step;
        variable.assign(tf.tensor(next, variable.shape));
        moved.push(await lossNow());
      }
      variable.assign(tf.tensor(values, variable.shape));
      const difference = (moved[0] - moved[1]) / (2 * step);
      expect(Math.abs(difference - grad[at]), weight).toBeLessThan(0.02 * Math.abs(grad[at]) + 2e-4);
    }
    disposeGradients(gradients);
    model.dispose();
  });

  it('trains by rows as it trains densely, ids dropped alike', async () => {
    const losses: number[][] = [];
    for (const embeddings of ['dense', 'rowwise'] as const) {
      const model = modelOf(split, configOf(name, { idDropout: 0.4 }));
      const batch = makeBatch(split.train, [0, 1, 2], model.columns);
      const request = {
        model,
        objective: sampledSoftmaxObjective({ numNegatives: 4, temperature: 0.1 }),
        batch,
        run: { training: true, step: 2, seed: 3 },
      };
      const gradients = await (embeddings === 'dense' ? denseGradients : rowwiseGradients)(request);
      const feature = model.variables().get('features.items.genres.weight')!;
      losses.push([gradients.loss.arraySync(), ...gradients.dense[feature.name].dataSync()]);
      disposeGradients(gradients);
      model.dispose();
    }
    for (const [i, value] of losses[1].entries()) expect(value).toBeCloseTo(losses[0][i], 5);
  });

  it('comes back from a checkpoint, in memory, and exported, and recommends by its columns', async () => {
    const model = modelOf(split, configOf(name));
    const trainer = createTrainer({
      model,
      examples: windowed(split),
      batchSize: 4,
      learningRate: 1e-2,
      beta1: 0.9,
      beta2: 0.98,
      weightDecay: 0,
      seed: 1,
      shuffle: true,
    });
    await trainer.runEpoch();
    const file = join(folder, `${name}.safetensors`);
    const slim = join(folder, `${name}-weights.safetensors`);
    await saveCheckpoint(file, trainer);
    await exportWeights(file, slim);
    const { interactions } = split;
    const columns = { eventColumns: new Map([['dwell', interactions.events.columns.get('dwell')!]]) };
    const history = [...interactions.itemIds.subarray(0, 5)];
    const dwell = {
      kind: 'number',
      width: 1,
      values: (columns.eventColumns.get('dwell') as { values: Float32Array }).values.subarray(0, 5),
    } as const;
    const ask = (of: TokenEncoder) =>
      recommend({ model: of, history, eventColumns: new Map([['dwell', dwell]]), k: 5 });
    const expected = await ask(model);
    expect(await recommend({ model, history, k: 5 })).not.toEqual(expected);
    const bytes = new Uint8Array(await readWholeFile(slim));
    for (const again of [await loadModel(file), await loadModel(slim), await modelFromBytes(bytes)]) {
      expect(await ask(again)).toEqual(expected);
      again.dispose();
    }
    const other = createTrainer({ ...sameTraining, model: modelOf(split, configOf(name)), examples: windowed(split) });
    await loadCheckpoint(file, other);
    expect(weightsOf(other.model)).toEqual(weightsOf(model));
    const { metrics } = await evaluate({ model, examples: windowed(split, 'test'), ks: [10] });
    expect(metrics['HR@10']).toBeGreaterThanOrEqual(0);
    for (const each of [trainer, other]) {
      each.dispose();
      each.model.dispose();
    }
  });
});

const sameTraining = {
  batchSize: 4,
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.98,
  weightDecay: 0,
  seed: 1,
  shuffle: true,
};

function windowed({ train, test }: Split, of: 'train' | 'test' = 'train') {
  const set = of === 'train' ? train : test;
  return { ...set, starts: set.starts.map((start, e) => Math.max(start, set.targets[e] - 6)) };
}
