import { interactionsFromArrays, leaveLastOut, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, createModel, type FeatureConfig, fitFeatures, uploadBatch } from '../index.ts';
import { checkFeatureFields } from './check.ts';
import { FeatureEmbedding } from './layer.ts';
import { featureParts } from './parts.ts';
import { featureTensors, readFeatures } from './store.ts';

const RUN = { training: false, step: 0, seed: 0 };

function world() {
  const users = [...'aaaabbbbcccc'];
  return leaveLastOut(
    interactionsFromArrays({
      name: 'parts',
      users,
      items: users.map((_, e) => 1 + ((e * 5) % 7)),
      timestamps: users.map((_, e) => e),
      columns: {
        dwell: { kind: 'number', values: users.map((_, e) => (e === 1 ? null : e)) },
        same: { kind: 'id', values: users.map((_, e) => `e${e % 2}`) },
      },
      userColumns: { ids: ['a', 'b', 'c'], columns: { city: { kind: 'id', values: ['oslo', 'rome', null] } } },
      itemColumns: {
        ids: [1, 2, 3, 4, 5, 6, 7],
        columns: {
          same: { kind: 'id', values: [1, 2, 3, 1, 2, 3, 1].map((kind) => `i${kind}`) },
          tags: { kind: 'ids', values: [['x'], ['x', 'y'], [], ['y'], ['x'], ['z'], ['x', 'y']] },
        },
      },
    }),
  );
}

describe('featureParts', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each([
    ['sqrt-dim', 3],
    ['one', 1],
  ] as const)('adds the vectors of the event and of the user to a token, times its %s', (inputScale, scale) => {
    const split = world();
    const features = [
      { column: 'same', table: 'events' as const },
      { column: 'dwell', encode: 'standardise' as const },
      'city',
    ];
    const fitted = fitFeatures({ features }, split.train)!;
    const settings = {
      config: { kind: 'x', inputDropout: 0, inputScale },
      seed: 1,
      itemDim: 4,
      tokenDim: 9,
      isInterleaved: false,
    };
    const parts = featureParts(fitted, settings);
    const batch = uploadBatch(makeBatch(split.test, [0, 1, 2], parts.columns));
    const [same, dwell, city] = parts.layers.map(({ layer }) => layer.weight('weight').arraySync() as number[][]);
    const tokens = tf.tidy(() => parts.tokens(tf.ones([batch.numTokens, 9]), batch, RUN).arraySync());
    const { interactions } = split;
    const moments = fitted.features[1].transform;
    if (!('mean' in moments)) return expect.unreachable();
    let t = 0;
    for (let user = 0; user < 3; user++) {
      for (let e = interactions.userOffsets[user]; e < interactions.userOffsets[user + 1] - 1; e++, t++) {
        const number = e === 1 ? 0 : (e - moments.mean[0]) / moments.deviation[0];
        // Rows: 0 missing, 1 not known, then the ids in order.
        const rowOfCity = user === 2 ? 0 : 2 + user;
        tokens[t].forEach((value, d) => {
          const vector = same[2 + (e % 2)][d] + dwell[0][d] * number + city[rowOfCity][d];
          const expected = 1 + scale * vector;
          if (Math.abs(value - expected) > 1e-5) expect(value).toBeCloseTo(expected, 5);
        });
      }
    }
    expect(t).toBe(batch.numTokens);
    batch.dispose();
  });

  it('gives the history and the scored vectors the one feature that there is', () => {
    const split = world();
    const make = (features: readonly ('tags' | 'dwell')[]) => {
      const config = {
        kind: 'sasrec',
        embeddingDim: 4,
        maxSequenceLength: 4,
        numBlocks: 1,
        numHeads: 1,
        ffnDim: 4,
      } as const;
      const fitted = features.length > 0 ? fitFeatures({ features: [...features] }, split.train) : undefined;
      const own = features.length > 0 ? { features: [...features] } : {};
      return createModel({ ...config, ...own }, { numItems: 7, ...(fitted && { features: fitted }) });
    };
    const [plain, ofItems, ofEvents] = [make([]), make(['tags']), make(['dwell'])];
    expect(ofItems.columns).toEqual({ tokens: [], users: [] });
    const batch = uploadBatch(makeBatch(split.test, [0], ofEvents.columns));
    const encoded = [plain, ofItems, ofEvents].map((model) => tf.tidy(() => model.encode(batch, RUN).arraySync()));
    const scored = [plain, ofItems, ofEvents].map((model) => tf.tidy(() => model.itemVectors().arraySync()));
    expect(encoded[1]).not.toEqual(encoded[0]);
    expect(encoded[2]).not.toEqual(encoded[0]);
    expect(scored[1]).not.toEqual(scored[0]);
    expect(scored[2]).toEqual(scored[0]);
    batch.dispose();
    for (const model of [plain, ofItems, ofEvents]) model.dispose();
  });

  it('takes columns of one name from two tables', () => {
    const features = [
      { column: 'same', table: 'events' as const },
      { column: 'same', table: 'items' as const },
    ];
    const fitted = fitFeatures({ features }, world().train)!;
    expect(fitted.features.map(({ table, name }) => `${table}.${name}`)).toEqual(['events.same', 'items.same']);
    const config = {
      kind: 'sasrec',
      embeddingDim: 4,
      maxSequenceLength: 4,
      numBlocks: 1,
      numHeads: 1,
      ffnDim: 4,
      features,
    } as const;
    const model = createModel(config, { numItems: 7, features: fitted });
    expect([...model.variables().keys()].filter((name) => name.startsWith('features.'))).toEqual([
      'features.events.same.weight',
      'features.items.same.weight',
    ]);
    model.dispose();
  });

  it('leaves out a cross of which one column is missing', () => {
    const split = world();
    const fitted = fitFeatures({ features: [{ cross: ['same', 'same'], table: 'events' }] }, split.train)!;
    const settings = { config: { kind: 'x', inputDropout: 0 }, seed: 1, itemDim: 4, tokenDim: 4, isInterleaved: false };
    const parts = featureParts(fitted, settings);
    const given = makeBatch(split.test, [0], { tokens: ['dwell'] });
    const batch = uploadBatch(given);
    const ones = tf.tidy(() => parts.tokens(tf.ones([batch.numTokens, 4]), batch, RUN).arraySync());
    expect(ones.flat().every((value) => value === 1)).toBe(true);
    batch.dispose();
  });
});

describe('fitFeatures', () => {
  it('keeps the values of items alone, and nothing where there are no features', () => {
    const { train } = world();
    expect(fitFeatures({}, train)).toBeUndefined();
    const fitted = fitFeatures({ features: ['tags', 'dwell', 'city'] }, train)!;
    expect([...fitted.items.keys()]).toEqual(['tags']);
  });

  it('lists the columns where none is near, and says so as an error of the configuration', () => {
    const { train } = world();
    const fit = (features: FeatureConfig[]) => () => fitFeatures({ features }, train);
    expect(fit(['somethingElse'])).toThrow('got somethingElse; there are item, time, dwell, same, city, same, tags');
    for (const wrong of [
      ['somethingElse'],
      [{ column: 'tags', encode: 'log1p' as const }],
      [{ column: 'same', table: 'users' as const }],
    ])
      expect(fit(wrong)).toThrow(ConfigError);
    expect(() => checkFeatureFields({ kind: 'sasrec', featureDim: 3 }, 'sasrec')).toThrow(ConfigError);
  });
});

describe('FeatureEmbedding', () => {
  it('begins as small as item vectors do', () => {
    const transform = { encode: 'hash', columns: ['c'], list: false, buckets: 2000 } as const;
    const values = new FeatureEmbedding({ transform, outputDim: 8, seed: 2, stream: 's' }).weight('weight').dataSync();
    const deviation = Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0) / values.length);
    // A normal of .02 cut at two deviations.
    expect(Math.abs(deviation / (0.02 * 0.88) - 1)).toBeLessThan(0.03);
  });

  it('is made again from its configuration', () => {
    const transform = { encode: 'hash', columns: ['c'], list: false, buckets: 3 } as const;
    for (const sizes of [{ outputDim: 4 }, { outputDim: 4, hiddenDim: 2 }]) {
      const layer = new FeatureEmbedding({ transform, ...sizes, seed: 2, stream: 's' });
      const again = new FeatureEmbedding(layer.getConfig() as never);
      expect(again.names).toEqual('hiddenDim' in sizes ? ['weight', 'projection'] : ['weight']);
      for (const name of again.names) expect(again.weight(name).arraySync()).toEqual(layer.weight(name).arraySync());
    }
  });
});

describe('features of a checkpoint', () => {
  const fitted = fitFeatures({ features: [{ column: 'same', table: 'items' }, 'tags'] }, world().train)!;
  const state = { numItems: 7, features: fitted.features.map((feature) => ({ ...feature })) };

  it('come back as they were', async () => {
    const tensors = featureTensors(fitted);
    expect(await readFeatures(state, (name) => tensors.get(name), 'f')).toEqual(fitted);
    expect(await readFeatures({ numItems: 7 }, () => undefined, 'f')).toBeUndefined();
  });

  it.each([...featureTensors(fitted).keys()])('are refused without all of %s', async (missing) => {
    const tensors = featureTensors(fitted);
    await expect(
      readFeatures(state, (name) => (name === missing ? undefined : tensors.get(name)), 'f'),
    ).rejects.toThrow(`checkpoint: f: expected the tensor '${missing}'`);
    // The number of lists follows from what is there.
    if (missing.includes('offsets')) return;
    const short = (name: string) => (name === missing ? tensors.get(name)?.slice(1) : tensors.get(name));
    await expect(readFeatures(state, short, 'f')).rejects.toThrow(`checkpoint: f: expected the tensor '${missing}' of`);
  });
});
