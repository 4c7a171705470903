import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { interactionsFromArrays, leaveLastOut, makeBatch, type Split } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createModel,
  createTrainer,
  encodeLast,
  evaluate,
  exportWeights,
  fitFeatures,
  loadCheckpoint,
  loadModel,
  type ModelConfigInput,
  modelFromBytes,
  readWholeFile,
  recommend,
  type SequenceModel,
  sampledSoftmaxObjective,
  saveCheckpoint,
  uploadBatch,
  weightShapes,
} from '../index.ts';
import { tinyConfigs } from '../test-support/tiny.ts';
import { denseGradients, disposeGradients, rowwiseGradients } from '../train/gradients.ts';
import { idMask } from './id-mask.ts';

const ITEMS = 20;
/** Only targets of the test part: no training event. */
const COLD = [19, 20];

/**
 * Users who walk around a ring of items with genres, sizes and titles; two items stand at the end of histories alone.
 */
function world(): Split {
  const rows = Array.from({ length: 12 }, (_, user) => {
    const items = Array.from({ length: 6 }, (_, e) => 1 + ((user * 5 + e * 3) % 18));
    return [...items, user < 2 ? COLD[user] : 1 + ((user * 7) % 18)].map((item, e) => ({ user, item, time: 1e6 + e }));
  }).flat();
  const ids = Array.from({ length: ITEMS }, (_, i) => i + 1);
  return leaveLastOut(
    interactionsFromArrays({
      name: 'features',
      users: rows.map(({ user }) => user),
      items: rows.map(({ item }) => item),
      timestamps: rows.map(({ time }) => time),
      ratings: rows.map(({ item }) => 1 + (item % 5)),
      columns: {
        shared: { kind: 'id', values: rows.map(({ user }) => user) },
        dwell: { kind: 'number', values: rows.map(({ item, time }) => (item * 7 + time) % 11) },
        clicked: { kind: 'number', values: rows.map(({ item }) => item % 2) },
      },
      labels: ['clicked'],
      userColumns: {
        ids: Array.from({ length: 12 }, (_, user) => user),
        columns: {
          city: { kind: 'id', values: Array.from({ length: 12 }, (_, user) => (user === 3 ? null : user % 4)) },
        },
      },
      itemColumns: {
        ids,
        columns: {
          genres: { kind: 'ids', values: ids.map((item) => [`g${item % 3}`, ...(item % 2 ? ['odd'] : [])]) },
          size: { kind: 'number', values: ids.map((item) => (item === 4 ? null : item)) },
          shared: { kind: 'id', values: ids },
          pair: { kind: 'number', width: 2, values: ids.map((item) => [item, item % 3]) },
          title: { kind: 'text', values: ids.map((item) => `Thing ${item % 4}`) },
        },
      },
    }),
  );
}

const FEATURES = [
  'genres',
  { column: 'size', encode: 'standardise' as const },
  'title',
  { column: 'dwell', buckets: 3 },
  'city',
];

const names = ['hstu', 'hstu-actions', 'sasrec', 'transformer', 'transformer-plus-plus', 'gru4rec', 'pinnerformer'];
type Settings = Record<string, unknown>;

const configOf = (name: string, settings: Settings = {}): ModelConfigInput =>
  ({ ...tinyConfigs[name], inputDropout: 0, features: FEATURES, ...settings }) as unknown as ModelConfigInput;

function modelOf(split: Split, config: ModelConfigInput): SequenceModel {
  const features = fitFeatures(config, split.train);
  return createModel(config, { numItems: ITEMS, seed: 5, ...(features && { features }) });
}

const INFERENCE = { training: false, step: 0, seed: 0 };
const split = world();
const folder = mkdtempSync(join(process.cwd(), 'node_modules', '.features-'));

beforeAll(() => tf.setBackend('cpu'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Value of each weight, on the host. */
const weightsOf = (model: SequenceModel) =>
  new Map(Array.from(model.variables(), ([name, variable]) => [name, variable.arraySync() as number[][]]));

describe.each(names)('%s with features', (name) => {
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

  it('reads features of events and users in the history, and trains every weight of them', () => {
    const model = modelOf(split, configOf(name));
    expect(model.columns).toEqual({ tokens: ['dwell'], users: ['city'] });
    const batch = makeBatch(split.train, [0, 1, 2, 4, 5, 7], model.columns);
    const gradients = denseGradients({
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

  it('has the gradients of finite differences', () => {
    const model = modelOf(split, configOf(name, { combineFeatures: 'concat', featureDim: 2 }));
    const batch = makeBatch(split.train, [0, 3, 6], model.columns);
    const objective = sampledSoftmaxObjective({ numNegatives: 6, temperature: 0.5 });
    const request = { model, objective, batch, run: { training: true, step: 3, seed: 2 } };
    const lossNow = (): number => {
      const { loss, ...rest } = denseGradients(request);
      const value = loss.arraySync();
      disposeGradients({ loss, ...rest });
      return value;
    };
    // Vectors are normalised: of a size at which a step is a small turn.
    for (const [weight, variable] of model.variables()) {
      if (/^features\.|_item_emb/.test(weight)) variable.assign(tf.tidy(() => tf.mul(variable, 30)));
    }
    const gradients = denseGradients(request);
    // Dropout depends on the step alone, so that the loss is a function of the weights.
    for (const [weight, variable] of model.variables()) {
      if (!weight.startsWith('features.')) continue;
      const grad = Float32Array.from(gradients.dense[variable.name].dataSync());
      const values = Float32Array.from(variable.dataSync());
      const at = grad.reduce((most, x, i) => (Math.abs(x) > Math.abs(grad[most]) ? i : most), 0);
      const step = 0.005;
      const moved = [1, -1].map((sign) => {
        const next = values.slice();
        next[at] += sign * step;
        variable.assign(tf.tensor(next, variable.shape));
        return lossNow();
      });
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
      const gradients = embeddings === 'dense' ? denseGradients(request) : await rowwiseGradients(request);
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
    const ask = (of: SequenceModel) =>
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

describe('features', () => {
  it('leave the model as it was where there are none', () => {
    const { features: _, ...plain } = configOf('sasrec') as Settings;
    const one = createModel(plain as ModelConfigInput, { numItems: ITEMS, seed: 5 });
    const two = modelOf(split, configOf('sasrec'));
    for (const [weight, value] of weightsOf(one)) expect(weightsOf(two).get(weight)).toEqual(value);
    expect([...two.variables().keys()].filter((weight) => !one.variables().has(weight))).toEqual([
      'features.items.genres.weight',
      'features.items.size.weight',
      'features.items.title.weight',
      'features.events.dwell.weight',
      'features.users.city.weight',
    ]);
    one.dispose();
    two.dispose();
  });

  it('of the history alone leave the scored vectors those of the ids', () => {
    const both = modelOf(split, configOf('sasrec'));
    const input = modelOf(split, configOf('sasrec', { itemFeatures: 'input' }));
    const { features: _, ...plain } = configOf('sasrec') as Settings;
    const without = createModel(plain as ModelConfigInput, { numItems: ITEMS, seed: 5 });
    const vectors = [both, input, without].map((model) => tf.tidy(() => model.itemVectors().arraySync()));
    expect(vectors[1]).toEqual(vectors[2]);
    expect(vectors[0]).not.toEqual(vectors[2]);
    const batch = uploadBatch(makeBatch(split.train, [0], input.columns));
    const encoded = [input, without].map((model) => tf.tidy(() => encodeLast(model, batch).arraySync()));
    expect(encoded[0]).not.toEqual(encoded[1]);
    for (const model of [both, input, without]) model.dispose();
  });

  it('drop ids at the rate asked for, by item and step, and never outside training', () => {
    const trained = new Uint8Array(40_001).fill(1);
    trained[0] = 0;
    trained[7] = 0;
    const run = { training: true, step: 9, seed: 4 };
    const mask = idMask(trained, 0.3, run);
    expect([mask[0], mask[7]]).toEqual([0, 0]);
    const share = 1 - mask.reduce((sum, kept) => sum + kept, 0) / 40_000;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.01);
    const ids = Int32Array.of(39_999, 7, 3, 100, 101);
    expect([...idMask(trained, 0.3, run, ids)]).toEqual(Array.from(ids, (item) => mask[item]));
    for (const first of [1, 4, 5, 8]) {
      const some = Int32Array.from({ length: 40 }, (_, i) => first + i);
      expect([...idMask(trained, 0.3, run, some)]).toEqual(Array.from(some, (item) => mask[item]));
    }
    expect(idMask(trained, 0.3, { ...run, step: 10 })).not.toEqual(mask);
    expect(idMask(trained, 0.3, INFERENCE).reduce((sum, kept) => sum + kept, 0)).toBe(39_999);
  });

  it.each([
    [['genre'], "expected a column of features; got genre; did you mean 'genres'?"],
    [['clicked'], 'expected no label among the features; got clicked'],
    [['item'], 'expected columns besides the item id; got item'],
    [
      ['shared'],
      "expected a column of one table; got shared, one of events and of items; say which with { column: 'shared', table: 'events' }",
    ],
    [['genres', 'genres'], 'expected features that differ; got genres twice'],
    [[{ column: 'size', table: 'users' }], 'expected a column of users of features; got size'],
    [[{ cross: ['genres', 'city'] }], 'the two columns of a cross are of one table'],
    [[{ column: 'genres', encode: 'log1p' }], 'expected encode ids, hash for genres, a column of ids; got log1p'],
  ])('refuse %o', (features, message) => {
    expect(() => modelOf(split, configOf('sasrec', { features }))).toThrow(message);
  });

  it('refuse settings that would be ignored, and models whose features were not fitted', () => {
    const { features: _, ...plain } = configOf('sasrec') as Settings;
    const make = (config: Settings) => () => createModel(config as ModelConfigInput, { numItems: ITEMS });
    expect(make({ ...plain, idDropout: 0.1 })).toThrow(
      'idDropout: expected it with features alone, and there are none',
    );
    expect(make({ ...plain, features: ['genres'], featureDim: 4 })).toThrow(
      "featureDim: expected it with combineFeatures 'concat' alone",
    );
    expect(make({ ...plain, features: ['genres'] })).toThrow(
      'expected 1 that are fitted, as in the configuration; got 0',
    );
    expect(() => modelOf(split, configOf('sasrec', { features: ['dwell'], idDropout: 0.1 }))).toThrow(
      'expected it with features of items alone',
    );
  });

  it('of events enter at the actions where contents and actions take turns: a content does not know its own', () => {
    const model = modelOf(split, configOf('hstu-actions', { features: ['dwell'] }));
    const batch = makeBatch(split.train, [0], model.columns);
    const last = batch.itemIds.length - 1;
    const run = (dwell: number) => {
      const values = Float32Array.from({ length: last + 1 }, (_, t) => (t === last ? dwell : t));
      const column = { kind: 'number', width: 1, values } as const;
      const uploaded = uploadBatch({ ...batch, columns: { tokens: new Map([['dwell', column]]) } });
      const { encoded, actionLogits } = tf.tidy(() => {
        const { encoded, actionLogits } = model.encodeWithActions!(uploaded, INFERENCE);
        return { encoded: encoded.arraySync(), actionLogits: actionLogits.arraySync() };
      });
      uploaded.dispose();
      return { encoded: encoded[last], logits: actionLogits[last] };
    };
    const [low, high] = [run(0), run(10)];
    expect(low.logits).toEqual(high.logits);
    expect(low.encoded).not.toEqual(high.encoded);
    model.dispose();
  });

  it('map the id by a matrix of its own only where features of items are concatenated', () => {
    const named = (features: unknown[]): string[] => {
      const model = modelOf(split, configOf('sasrec', { features, combineFeatures: 'concat' }));
      const vectors = tf.tidy(() => model.itemVectors().arraySync());
      expect(vectors.flat().every(Number.isFinite)).toBe(true);
      const weights = [...model.variables().keys()].filter((weight) => weight.startsWith('features.'));
      model.dispose();
      return weights;
    };
    expect(named(['dwell'])).toEqual(['features.events.dwell.weight', 'features.events.dwell.projection']);
    expect(named([{ column: 'pair', encode: 'standardise' }])).toEqual([
      'features.id.weight',
      'features.id.bias',
      'features.items.pair.weight',
      'features.items.pair.projection',
    ]);
  });

  it('are asked for in training, and may be absent in a history from elsewhere', async () => {
    const model = modelOf(split, configOf('sasrec'));
    const request = {
      model,
      objective: sampledSoftmaxObjective({ numNegatives: 4, temperature: 0.1 }),
      batch: makeBatch(split.train, [0]),
    };
    expect(() => denseGradients({ ...request, run: { training: true, step: 0, seed: 0 } })).toThrow(
      'expected a batch with the column dwell of events; got one without; make batches with makeBatch(set, indices, model.columns)',
    );
    expect(await recommend({ model, history: [1, 2], k: 3 })).toHaveLength(3);
    model.dispose();
  });

  it('count their weights before they are made', () => {
    const config = configOf('sasrec');
    const features = fitFeatures(config, split.train);
    const shapes = weightShapes(config, { numItems: ITEMS, features });
    expect(shapes.get('features.items.size.weight')).toEqual([1, 8]);
    expect(shapes.get('features.users.city.weight')).toEqual([6, 8]);
  });
});
