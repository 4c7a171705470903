import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createModel,
  encodeLast,
  fitFeatures,
  type ModelConfigInput,
  recommend,
  sampledSoftmaxObjective,
  uploadBatch,
  weightShapes,
} from '../index.ts';
import { configOf, INFERENCE, ITEMS, modelOf, type Settings, split, weightsOf } from '../test-support/feature-world.ts';
import { denseGradients } from '../test-support/gradients.ts';
import { idMask } from './id-mask.ts';

beforeAll(() => tf.setBackend('cpu'));

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
    [['item'], 'got item, the item of features; a model of sequences reads it anyway, a model of rows with itemId'],
    [['user'], 'got user; a model of rows reads the user with userId, a model of sequences does not'],
    [
      ['shared'],
      "expected a column of one table; got shared, one of events and of items; say which with { column: 'shared', table: 'events' }",
    ],
    [['genres', 'genres'], 'expected features that differ; got genres twice'],
    [[{ column: 'size', table: 'users' }], 'expected a column of users of features; got size'],
    [[{ cross: ['genres', 'city'] }], 'the two columns of a cross are of one table'],
    [[{ column: 'size', minCount: 3 }], 'expected buckets with encode buckets; got minCount 3'],
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
    await expect(denseGradients({ ...request, run: { training: true, step: 0, seed: 0 } })).rejects.toThrow(
      'expected a batch with the column dwell of events; got one without; make batches with makeBatch(set, indices, model.columns)',
    );
    expect(await recommend({ model, history: [1, 2], k: 3 })).toHaveLength(3);
    const dwell = { kind: 'number', width: 1, values: Float32Array.of(1) } as const;
    const eventColumns = new Map([['dwell', dwell]]);
    await expect(recommend({ model, history: [1, 2], eventColumns })).rejects.toThrow(
      'eventColumns: expected 2 rows in dwell; got 1',
    );
    const userColumns = new Map([['city', { ...dwell, values: Float32Array.of(1, 2) }]]);
    await expect(recommend({ model, history: [1, 2], userColumns })).rejects.toThrow(
      'userColumns: expected 1 rows in city; got 2',
    );
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
