import { AdamW, integers, streamKey, useBackend } from '@seqrec/core';
import { interactionsFromArrays, labelOf, makeBatch, pointExamples, withHistories } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../test/part.ts';
import { fitFields } from '../features/fit-fields.ts';
import { uploadBatch } from '../inputs.ts';
import { isTowers, type Ranker } from '../model.ts';
import { modelKinds } from '../registry.ts';
import { isAllowed } from '../test-support/allowed-config.ts';
import { makeRanker, rowModels, type SmallRanker } from '../test-support/row-models.ts';
import { ITEMS, NEW_ITEMS, NEW_USERS, ROW_FEATURES, rowWorld, USERS } from '../test-support/row-world.ts';
import type { RankerOptions } from './ranker.ts';

const INFERENCE = { training: false, step: 0, seed: 0 };
const settings = { features: ROW_FEATURES, embeddingStd: 0.5 };
const { train, test } = rowWorld();
const features = fitFields(settings, train);
const NOTHING = new Uint8Array(test.interactions.numEvents);
const sizes = { numUsers: USERS, numItems: ITEMS };

function logitsOf(model: Ranker, rows: readonly number[], run = INFERENCE, set = test): number[] {
  const batch = uploadBatch(makeBatch(set, rows, model.columns));
  const logits = tf.tidy(() => model.logits(batch, run).arraySync());
  batch.dispose();
  return logits.flat();
}

beforeAll(async () => {
  await useBackend('auto');
});

it('covers every model of rows', () => {
  const kinds = new Set(Object.values(rowModels).map(({ config }) => config.kind));
  expect([...kinds].sort()).toEqual([...modelKinds('rank')].sort());
});

describe.each(Object.entries(rowModels))('%s', (_, small) => {
  const make = (own: object, options: RankerOptions): Ranker => makeRanker(small, own, options);

  it('gives permuted rows permuted logits', () => {
    const model = make(settings, { ...sizes, features });
    const rows = [5, 1, 20, 7, 12];
    const logits = logitsOf(model, rows);
    expect(new Set(logits).size).toBeGreaterThan(3);
    const order = [3, 0, 4, 2, 1];
    const permuted = logitsOf(
      model,
      order.map((i) => rows[i]),
    );
    for (const [at, i] of order.entries()) expect(permuted[at]).toBeCloseTo(logits[i], 6);
    model.dispose();
  });

  it('has one row for all users, and one for all items, that training has not seen', () => {
    const { interactions } = test;
    const ids = Array.from(test.targets.keys(), (e) => ({
      e,
      user: Number(interactions.users.external(test.users[e])),
      item: Number(interactions.items.external(interactions.itemIds[test.targets[e]])),
    }));
    const model = make({ embeddingStd: 0.5 }, { ...sizes, features: fitFields({}, train) });
    const users = NEW_USERS.map((user) => ids.find((row) => row.user === user && row.item === 6)!.e);
    // Users with histories differ by these.
    const [one, other] = logitsOf(model, users, INFERENCE, withHistories(test, { maxEvents: 1, events: NOTHING }));
    expect(one).toBeCloseTo(other, 6);
    const items = NEW_ITEMS.map((item) => ids.find((row) => row.item === item)!);
    const plain = logitsOf(
      model,
      items.map(({ e }) => e),
    );
    expect(plain[0]).not.toBeCloseTo(plain[1], 6);
    const needsQuery = isTowers(model);
    model.dispose();
    // Without users and features the rows of both are the same, and the tower of a query has nothing to read.
    if (needsQuery) return;
    const byItem = make({ embeddingStd: 0.5, userId: false }, { ...sizes, features: fitFields({}, train) });
    const [first, second] = logitsOf(
      byItem,
      items.map(({ e }) => e),
      INFERENCE,
      withHistories(test, { maxEvents: 1, events: NOTHING }),
    );
    expect(first).toBeCloseTo(second, 6);
    byItem.dispose();
  });

  it('adds lambda/2 times the squares of whole tables and of the rest', () => {
    const model = make({ ...settings, embeddingL2: 0.3, netL2: 0.05 }, { ...sizes, features });
    const isTable = (name: string): boolean => /(^|\.)(fields|linear|history)\./.test(name) && name !== 'linear.bias';
    const variables = [...model.variables()];
    expect(variables.filter(([name]) => isTable(name)).length).toBeGreaterThanOrEqual(9);
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(
      () => model.penalty!(),
      variables.map(([, variable]) => variable),
    );
    let expected = 0;
    for (const [name, variable] of variables) {
      const lambda = isTable(name) ? 0.3 : 0.05;
      const [values, slopes] = [variable.dataSync(), grads[variable.name].dataSync()];
      for (const [i, x] of values.entries()) {
        expected += (lambda / 2) * x * x;
        expect(slopes[i]).toBeCloseTo(lambda * x, 6);
      }
    }
    expect(value.arraySync() / expected).toBeCloseTo(1, 5);
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
    expect(make(settings, { ...sizes, features }).penalty).toBeUndefined();
    model.dispose();
  });

  it('trains every weight, and leaves no tensor behind', () => {
    const model = make(settings, { ...sizes, features });
    const batch = uploadBatch(makeBatch(train, [...train.targets.keys()], model.columns));
    const variables = [...model.variables()];
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(
      () => {
        const run = { training: true, step: 1, seed: 1 };
        // A branch has weights that only its own loss trains.
        const { logits, branches } = model.branches?.logits(batch, run) ?? {
          logits: model.logits(batch, run),
          branches: [],
        };
        const all = [logits, ...branches].map((each) => tf.sum(tf.square(each)));
        return (all.length === 1 ? all[0] : tf.addN(all)) as tf.Scalar;
      },
      variables.map(([, variable]) => variable),
    );
    for (const [name, variable] of variables) {
      expect(
        tf.tidy(() => tf.max(tf.abs(grads[variable.name])).arraySync()),
        name,
      ).toBeGreaterThan(0);
    }
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
    batch.dispose();
    model.dispose();
  });

  const rates = Object.fromEntries((small.dropout ?? ['dropout']).map((key) => [key, 0.5]));
  it.runIf(isAllowed({ ...small.config, ...rates }))('drops by the step alone, in training alone', () => {
    const model = make({ ...settings, ...rates }, { ...sizes, features });
    const training = { training: true, step: 3, seed: 1 };
    const rows = [5, 1, 20, 7, 12];
    const logits = logitsOf(model, rows, training);
    expect(logitsOf(model, rows, training)).toEqual(logits);
    expect(logitsOf(model, rows, { ...training, step: 4 })).not.toEqual(logits);
    expect(logitsOf(model, rows, { ...training, training: false })).toEqual(logitsOf(model, rows));
    model.dispose();
  });
});

it.each(part(Object.entries(rowModels), 3))('%s learns 200 rows by heart', async (_, small) => {
  const { model, loss } = await byHeart(small);
  expect(loss).toBeLessThan(0.02);
  model.dispose();
});

/** Rows with labels by chance; of a linear model a user each, as it has no pairs. */
async function byHeart(small: SmallRanker): Promise<{ model: Ranker; loss: number }> {
  const rows = 200;
  const { linear = false } = small;
  const users = Array.from({ length: rows }, (_, e) => (linear ? e : e % 25));
  const clicked = integers(streamKey(5, 'clicked'), 0, rows, 0, 2);
  const points = pointExamples(
    interactionsFromArrays({
      name: 'by heart',
      users,
      items: users.map((user, e) => 1 + ((Math.floor(e / 25) * 5 + user) % 40)),
      timestamps: users.map((_, e) => e),
      columns: { clicked: { kind: 'number', values: [...clicked] } },
      labels: ['clicked'],
    }),
  );
  const set = withHistories(points, { maxEvents: 4 });
  const { numUsers, numItems } = set.interactions;
  const model = makeRanker(small, { embeddingStd: 0.05 }, { numUsers, numItems, seed: 1 });
  const variables = [...model.variables().values()];
  const optimizer = new AdamW({ learningRate: small.learningRate ?? (linear ? 0.3 : 0.02) });
  const batch = uploadBatch(makeBatch(set, [...set.targets.keys()], model.columns));
  const labels = tf.tensor2d(labelOf(set.interactions).values, [rows, 1]);
  let loss = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 400 && loss >= 0.02; step++) {
    const run = { training: true, step, seed: 1 };
    const value = optimizer.minimize(
      () => tf.losses.sigmoidCrossEntropy(labels, model.logits(batch, run)) as tf.Scalar,
      true,
      variables,
    ) as tf.Scalar;
    loss = (await value.data())[0];
    value.dispose();
  }
  optimizer.dispose();
  tf.dispose(labels);
  batch.dispose();
  return { model, loss };
}
