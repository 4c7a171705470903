import { useBackend } from '@seqrec/core';
import { latestWindow, leaveLastOut, makeBatch, type SequenceBatch, takeExamples, trainedItems } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../evaluate/evaluate.ts';
import { fitFields } from '../../features/fit-fields.ts';
import { UNKNOWN_USER } from '../../features/query-fields.ts';
import { uploadBatch } from '../../inputs.ts';
import type { TokenEncoder } from '../../model.ts';
import { createObjective } from '../../objectives/create.ts';
import { recommend } from '../../serve/recommend.ts';
import { ITEMS, ROW_FEATURES, rowWorld, USERS } from '../../test-support/row-world.ts';
import { createTrainer } from '../../train/trainer.ts';
import { type DssmConfigInput, dssmConfigSchema } from './config.ts';
import { createDssm } from './dssm.ts';

const INFERENCE = { training: false, step: 0, seed: 0 };
const split = leaveLastOut(rowWorld().train.interactions);
const features = fitFields({ features: ROW_FEATURES }, split.train, { histories: 'training' });
const make = (settings: Partial<DssmConfigInput> = {}) =>
  createDssm(
    dssmConfigSchema.parse({
      kind: 'dssm',
      features: ROW_FEATURES,
      history: true,
      maxHistory: 3,
      embeddingDim: 4,
      outputDim: 5,
      embeddingStd: 0.5,
      ...settings,
    }),
    { numUsers: USERS, numItems: ITEMS, seed: 2, features },
  );

function encode(model: TokenEncoder, host: SequenceBatch, run = INFERENCE): number[][] {
  const batch = uploadBatch(host);
  const rows = tf.tidy(() => model.encode(batch, run).arraySync());
  batch.dispose();
  return rows;
}

function queries(model: ReturnType<typeof make>, host: SequenceBatch, run: object = {}): number[][] {
  const batch = uploadBatch(host);
  const rows = tf.tidy(() => model.queries(batch, { ...INFERENCE, ...run }).arraySync());
  batch.dispose();
  return rows;
}

function expectClose(got: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(got).toHaveLength(expected.length);
  for (const [r, row] of expected.entries()) {
    for (const [d, value] of row.entries()) expect(got[r][d]).toBeCloseTo(value, 5);
  }
}

beforeAll(async () => {
  await useBackend('auto');
});

describe('DSSM as an encoder', () => {
  it('has for each event the query of an example that ends there', () => {
    const model = make();
    const { test } = split;
    const [user, start, target] = [test.users[4], test.starts[4], test.targets[4]];
    const host = makeBatch(test, [4], model.columns);
    const rows = encode(model, host);
    expect(rows).toHaveLength(target - start);
    const ends = rows.map((_, t) => start + t + 1);
    const each = {
      ...test,
      users: Int32Array.from(ends, () => user),
      starts: Int32Array.from(ends, () => start),
      targets: Int32Array.from(ends),
    };
    expectClose(rows, queries(model, makeBatch(each, [...ends.keys()], model.columns)));
    expect(new Set(rows.map((row) => row[0])).size).toBe(rows.length);
    model.dispose();
  });

  it('reads the user, and of the event to predict its columns alone', () => {
    const model = make();
    const host = makeBatch(split.test, [1, 6], model.columns);
    const before = encode(model, host);
    const [first, end] = [host.offsets[1], host.offsets[2]];
    const later = {
      ...host,
      targets: host.targets.map((item) => (item % ITEMS) + 1),
      targetTimestamps: host.timestamps,
    };
    expect(encode(model, later)).toEqual(before);
    const otherUser = encode(model, { ...host, users: Int32Array.of(host.users[0], 9) });
    expect(otherUser.slice(0, first)).toEqual(before.slice(0, first));
    for (let t = first; t < end; t++) expect(otherUser[t]).not.toEqual(before[t]);
    // A price of the event after row `first + 1` is known to that row alone.
    const price = host.columns!.next!.get('price') as { kind: 'number'; width: number; values: Float32Array };
    const values = price.values.map((x, t) => (t === first + 1 ? x + 9 : x));
    const next = new Map([...host.columns!.next!, ['price', { ...price, values }]]);
    const changed = encode(model, { ...host, columns: { ...host.columns, next } });
    for (const [t, row] of changed.entries()) {
      if (t === first + 1) expect(row).not.toEqual(before[t]);
      else expect(row).toEqual(before[t]);
    }
    model.dispose();
  });

  it('takes a user and an event that it knows nothing of as missing values, outside training', async () => {
    const model = make();
    const { columns: _, ...host } = makeBatch(split.test, [2], model.columns);
    const unknown = { ...host, users: Int32Array.of(UNKNOWN_USER) };
    const rows = encode(model, unknown);
    expect(rows.flat().every(Number.isFinite)).toBe(true);
    const mixed = makeBatch(split.test, [2, 2, 3], model.columns);
    const some = encode(model, { ...mixed, users: Int32Array.of(UNKNOWN_USER, mixed.users[1], mixed.users[2]) });
    expect(some.slice(mixed.offsets[1])).toEqual(encode(model, mixed).slice(mixed.offsets[1]));
    const alone = encode(model, { ...makeBatch(split.test, [2], model.columns), users: Int32Array.of(UNKNOWN_USER) });
    expectClose(some.slice(0, mixed.offsets[1]), alone);
    expect(() => encode(model, unknown, { ...INFERENCE, training: true })).toThrow(
      'dssm: features: expected a batch with hour of the events to predict; got one without',
    );
    const request = { model, history: [...host.itemIds], k: 4, excludeSeen: false };
    const known = await recommend({ ...request, user: host.users[0] });
    const stranger = await recommend(request);
    expect(stranger.map(({ score }) => score)).not.toEqual(known.map(({ score }) => score));
    for (const user of [split.test.interactions.numUsers, -2]) {
      await expect(recommend({ ...request, user })).rejects.toThrow(
        `dssm: expected users from 0 to ${split.test.interactions.numUsers - 1}, those of the training data, or -1 for one who is not known; got ${user} at position 0`,
      );
    }
    const products = tf.tidy(() =>
      tf.sum(tf.mul(model.itemVectors(), tf.tensor2d([rows[rows.length - 1]])), 1).arraySync(),
    ) as number[];
    for (const { item, score } of stranger) expect(score).toBeCloseTo(products[item], 5);
    model.dispose();
  });

  it('drops the same in a part of a batch of rows as in the whole', () => {
    const model = make({ dropout: 0.5 });
    const run = { training: true, step: 3, seed: 4 };
    const whole = queries(model, makeBatch(split.test, [0, 1, 2, 3], model.columns), run);
    const part = makeBatch(split.test, [2, 3], model.columns);
    expectClose(queries(model, part, { ...run, before: { sequences: 2, tokens: 0 } }), whole.slice(2));
    expect(queries(model, part, run)[0]).not.toEqual(whole[2]);
    model.dispose();
  });

  it('trains and is evaluated as every encoder, products for cosines', async () => {
    const model = make({ idDropout: 0.1, dropout: 0.1, embeddingL2: 1e-6 });
    const examples = latestWindow(split.train, { maxLength: 50 });
    const negatives = { kind: 'mixed', inBatch: 64, random: 16 } as const;
    const objective = createObjective({ kind: 'pool-softmax', negatives, temperature: 1 }, examples);
    const trainer = createTrainer({ model, examples, objective, batchSize: 8, learningRate: 0.01, seed: 1 });
    const losses: number[] = [];
    for (let epoch = 0; epoch < 12; epoch++) losses.push((await trainer.runEpoch()).meanLoss);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]);
    const { metrics, definition } = await evaluate({ model, examples: split.test, ks: [1, 5] });
    expect(metrics['HR@5']).toBeGreaterThan(0.4);
    expect(definition.join('\n')).toContain('product of the encoded history and the item.');
    trainer.dispose();
    model.dispose();
  });

  it('makes the vectors of a pool alone, with the loss and the gradients of all', () => {
    const model = make();
    const { itemRows: _, ...withoutRows } = model;
    const examples = latestWindow(split.train, { maxLength: 50 });
    const negatives = { kind: 'mixed', inBatch: 4, random: 3 } as const;
    const objective = createObjective({ kind: 'pool-softmax', negatives, temperature: 1 }, examples);
    const host = makeBatch(examples, [3, 8], model.columns);
    const batch = uploadBatch(host);
    const run = { training: true, step: 1, seed: 2 };
    const of = (each: TokenEncoder) => {
      const { sum, items } = tf.tidy(() => {
        const drawn = objective.draw?.({ batch: host, numItems: ITEMS, run }) ?? {};
        let asked = 0;
        const counting = {
          ...each,
          ...(each.itemRows && {
            itemRows: (ids: Int32Array, at: typeof run) => {
              asked = ids.length;
              return model.itemRows(ids, at);
            },
          }),
        };
        const { value, grads } = tf.variableGrads(() => objective.loss({ model: counting, batch, drawn, run }).sum);
        const numbers = [value, ...[...model.variables().values()].map(({ name }) => grads[name])];
        return { sum: numbers.map((x) => [...x.dataSync()]), items: asked };
      });
      return { sum, items };
    };
    const [some, all] = [of(model), of(withoutRows)];
    expect(all.items).toBe(0);
    expect(some.items).toBeGreaterThan(3);
    expect(some.items).toBeLessThan(ITEMS);
    expectClose(some.sum, all.sum);
    batch.dispose();
    model.dispose();
  });

  it('knows every item with a training event, and its rows, not those of the last events alone', () => {
    const train = takeExamples(split.train, Int32Array.of(0, 1));
    const knownTo = (histories: 'training' | 'any'): Uint8Array =>
      fitFields({ features: ROW_FEATURES }, train, { histories }).trained;
    expect(knownTo('training')).toEqual(trainedItems(train));
    expect(knownTo('any').reduce((sum, known) => sum + known, 0)).toBeLessThanOrEqual(train.targets.length);
    expect(knownTo('training').reduce((sum, known) => sum + known, 0)).toBeGreaterThan(train.targets.length);
  });

  it('has no rows to train, and no table without ids', () => {
    const model = make();
    const examples = latestWindow(split.train, { maxLength: 50 });
    expect(() => createTrainer({ model, examples, batchSize: 4, learningRate: 0.1, embeddings: 'rowwise' })).toThrow(
      "embeddings: expected 'dense' for a 'dssm', whose tables are not trained by rows; got 'rowwise'",
    );
    for (const [key, option] of Object.entries({ tables: { learningRate: 1 }, renewTables: true }))
      expect(() => createTrainer({ model, examples, batchSize: 4, learningRate: 0.1, [key]: option })).toThrow(
        `trainer: ${key}: expected a model that says which of its tables are of ids; got a 'dssm', whose tables train as`,
      );
    expect(() => model.withItemRows(tf.zeros([1, 4]), Int32Array.of(1))).toThrow('withItemRows: expected an encoder');
    expect(model.itemTable().shape).toEqual([ITEMS + 1, 4]);
    const bare = make({ itemId: false, history: false });
    expect(() => bare.itemTable()).toThrow("itemTable: expected a 'dssm' that reads item ids");
    createTrainer({ model: bare, examples, batchSize: 4, learningRate: 0.1 }).dispose();
    for (const each of [model, bare]) each.dispose();
  });
});
