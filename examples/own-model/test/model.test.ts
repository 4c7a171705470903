import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { integers, streamKey, useBackend } from '@seqrec/core';
import { interactionsFromArrays, latestWindow, makeBatch, trainTest } from '@seqrec/data';
import {
  createModel,
  createObjective,
  createTask,
  createTrainer,
  modelFlops,
  type TokenEncoder,
  uploadBatch,
  workloadOf,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import '../src/plugin.ts';

const ITEMS = 12;
const run = { training: false, step: 3, seed: 5 };
const data = interactionsFromArrays({
  name: 'ring',
  users: Array.from({ length: 60 }, (_, e) => Math.floor(e / 10)),
  items: Array.from({ length: 60 }, (_, e) => (Math.floor(e / 10) + (e % 10)) % ITEMS),
});
const examples = latestWindow(trainTest(data).train, { maxLength: 6 });

before(() => useBackend('simd', { threads: 1 }));

function makeModel(): TokenEncoder {
  const config = { kind: 'own/decayed-mean', embeddingDim: 4, maxSequenceLength: 6 };
  const model = createModel(config, { numItems: ITEMS, seed: 2 }) as TokenEncoder;
  model
    .variables()
    .get('decay.theta')
    ?.assign(tf.tensor1d([-3, -1, 0.5, 2]));
  return model;
}

/** The formula in plain loops: the fading mean of the item vectors, times `sqrt(D)`, as a unit vector. */
function plain(history: readonly number[], table: readonly number[][], theta: readonly number[]): number[] {
  const t = history.length - 1;
  const mean = theta.map((value, d) => {
    const decay = 1 / (1 + Math.exp(-(value + 2)));
    let [sum, weights] = [0, 0];
    for (let s = 0; s <= t; s++) {
      sum += decay ** (t - s) * 2 * table[history[s]][d];
      weights += decay ** (t - s);
    }
    return sum / weights;
  });
  const norm = Math.sqrt(mean.reduce((sum, x) => sum + x * x, 0));
  return mean.map((x) => x / norm);
}

test('every token is the fading mean of the events up to it', () => {
  const model = makeModel();
  const host = makeBatch(examples, [0, 1, 2]);
  const batch = uploadBatch(host);
  const encoded = tf.tidy(() => model.encode(batch, run).arraySync());
  const [table, theta] = [model.itemTable().arraySync(), [-3, -1, 0.5, 2]];
  for (let b = 0; b < 3; b++) {
    const history = [...host.itemIds.subarray(host.offsets[b], host.offsets[b + 1])];
    for (const t of history.keys()) {
      const expected = plain(history.slice(0, t + 1), table, theta);
      for (const d of theta.keys()) assert.ok(Math.abs(encoded[host.offsets[b] + t][d] - expected[d]) < 1e-5);
    }
  }
  batch.dispose();
  model.dispose();
});

test('BPR is the mean of log(1 + exp(-margin)) over events, negatives by seed and step', () => {
  const model = makeModel();
  const objective = createObjective({ kind: 'own/bpr', temperature: 0.5 }, examples);
  const host = makeBatch(examples, [0, 1, 2]);
  const batch = uploadBatch(host);
  const drawn = objective.draw?.({ batch: host, numItems: ITEMS, run }) ?? {};
  const { sum, weight } = objective.loss({ model, batch, drawn, run });
  const negatives = integers(streamKey(run.seed, 'own/bpr'), run.step, host.itemIds.length, 1, ITEMS);
  const [queries, items] = tf.tidy(() => [model.encode(batch, run).arraySync(), model.itemVectors().arraySync()]);
  const score = (query: number[], item: number) => query.reduce((s, x, d) => s + x * items[item][d], 0) / 0.5;
  const losses = queries.map((query, t) =>
    Math.log1p(Math.exp(score(query, negatives[t]) - score(query, host.targets[t]))),
  );
  assert.equal(weight, host.itemIds.length);
  const expected = losses.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum.dataSync()[0] - expected) < 1e-4 * expected);
  batch.dispose();
  model.dispose();
});

test('learns, in one part or three', async () => {
  const trained = async (parts: number) => {
    const model = makeModel();
    const task = createTask({ kind: 'own/spread', weight: 0 }, { train: examples, objective: { kind: 'own/bpr' } });
    const trainer = createTrainer({ model, examples, task, parts, batchSize: 6, learningRate: 0.05, seed: 1 });
    const losses = (await trainer.steps(20)).map(({ loss }) => loss);
    trainer.dispose();
    model.dispose();
    return losses;
  };
  const [whole, divided] = [await trained(1), await trained(3)];
  assert.ok(whole.at(-1)! < 0.7 * whole[0]);
  for (const [i, loss] of whole.entries()) assert.ok(Math.abs(loss - divided[i]) < 1e-3);
});

test('its work grows with the square of the longest history', () => {
  const config = { kind: 'own/decayed-mean', embeddingDim: 4, maxSequenceLength: 6 };
  const forward = 4 * 2 * 3 * 3 * 2;
  assert.deepEqual(modelFlops(config, workloadOf([2, 3])), { forward, backward: 2 * forward });
});
