import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type Column, type ExampleSet, interactionsFromArrays, makeBatch, randomSplit } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import type { Ranker } from '../../model.ts';
import { createModel } from '../../registry.ts';
import { loadCheckpoint, loadModel, saveCheckpoint } from '../../train/checkpoint.ts';
import { createTrainer, type Trainer } from '../../train/trainer.ts';
import { createTask } from '../registry.ts';
import { sessionWeights } from './session-weights.ts';
import type { RankingTask } from './task.ts';
import { shop } from './test-support/shop.ts';

type NumberColumn = Extract<Column, { readonly kind: 'number' }>;

const { train, test } = shop();
const { numUsers, numItems } = train.interactions;
const mlp = { kind: 'mlp', embeddingDim: 4, embeddingStd: 0.1, hiddenSizes: [8] };
const mmoe = {
  kind: 'mmoe',
  embeddingDim: 4,
  embeddingStd: 0.1,
  experts: 2,
  expertHiddenSizes: [8],
  towerHiddenSizes: [4],
};

beforeAll(async () => {
  await useBackend('auto');
});

function trainerOf(
  config: object,
  { model = mlp as { kind: string }, steps = {}, examples = train } = {},
): {
  readonly task: RankingTask;
  readonly trainer: Trainer<Ranker>;
} {
  const task = createTask({ kind: 'ranking', ...config }, { train: examples }) as unknown as RankingTask;
  const { learnsLogVariances: logVariances } = task;
  const sizes = { numUsers, numItems, labels: task.labels.length, seed: 3, ...(logVariances && { logVariances }) };
  const made = createModel(model, sizes) as unknown as Ranker;
  const options = { batchSize: 100, learningRate: 0.02, seed: 5, shuffle: true, ...steps };
  return { task, trainer: createTrainer({ model: made, examples, task, ...options }) };
}

async function evaluated(config: object, epochs: number, given?: Parameters<typeof trainerOf>[1]) {
  const { task, trainer } = trainerOf(config, given);
  for (let epoch = 0; epoch < epochs; epoch++) await trainer.runEpoch();
  const figures = await task.evaluate({ model: trainer.model, examples: test, batchSize: 512 });
  return { ...figures, trainer };
}

const click = 'clicked';
const conditional = { column: 'bought', parent: click };

// The rows of one matrix are summed up in another order when there are more of them; towers are by themselves.
it.each([
  ['mmoe, bit for bit', mmoe, 0],
  ['mlp, but for rounding', mlp, 1e-6],
])('heads of weight 0 leave the others as they are: %s', async (_, model, most) => {
  const logits = async (labels: unknown[]): Promise<number[][]> => {
    const { trainer } = trainerOf({ labels }, { model });
    await trainer.steps(5);
    const batch = uploadBatch(makeBatch(test, [0, 3, 9, 20], trainer.model.columns));
    const rows = tf.tidy(() => trainer.model.logits(batch, { training: false, step: 0, seed: 0 }).arraySync());
    batch.dispose();
    return rows;
  };
  const alone = await logits([click, 'bought']);
  const beside = await logits([click, 'bought', { column: 'watch', loss: 'log-mse', weight: 0 }]);
  for (const [b, row] of alone.entries())
    for (const [l, z] of row.entries()) expect(Math.abs(beside[b][l] - z)).toBeLessThanOrEqual(most);
  const taught = await logits([click, 'bought', { column: 'watch', loss: 'log-mse', weight: 1 }]);
  expect(Math.abs(taught[0][0] - alone[0][0])).toBeGreaterThan(1e-5);
});

it('a mix of losses has the metrics of each', async () => {
  const labels = [click, conditional, { column: 'watch', loss: 'weighted-logistic', weight: 0.01 }];
  const value = [
    { label: click, weight: 1 },
    { label: 'watch', weight: 0.1, of: 'log1p' },
  ];
  const found = await evaluated({ labels, value }, 12);
  const names = Object.keys(found.metrics);
  for (const name of ['AUC', 'GAUC', 'NE', 'AUC|bought', 'NE|bought', 'RMSE|watch', 'RAUC|watch'])
    expect(names).toContain(name);
  expect(names).not.toContain('AUC|watch');
  expect(found.metrics.AUC).toBeGreaterThan(0.55);
  for (const name of ['RAUC|value', 'GAUC|value:clicked']) expect(found.metrics[name]).toBeGreaterThan(0.5);
  expect(found.labels.map(({ label }) => label)).toEqual([click, 'bought', 'watch']);
  // The mean of what is predicted of all rows, clicked or not.
  const [, , time] = found.labels;
  const mean = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  expect(mean(time.scores)).toBeGreaterThan(mean(time.rows.labels));
  expect(found.definition.join('\n')).toContain('value: 1 identity(clicked) + 0.1 log1p(watch)');
});

it.each(['product', 'masked'] as const)(
  '%s: the product of conditionals is the marginal of rows not trained on',
  async (condition) => {
    const found = await evaluated({ labels: [click, { ...conditional, condition }] }, 6);
    const { rows } = found.labels[1];
    const [predicted, truth] = [rows.scores, rows.labels].map((values, of) => {
      const numbers = of === 0 ? values.map((z) => 1 / (1 + Math.exp(-z))) : values;
      return numbers.reduce((sum, v) => sum + v, 0) / numbers.length;
    });
    const error = Math.sqrt((truth * (1 - truth)) / rows.size);
    expect(Math.abs(predicted - truth)).toBeLessThan(3 * error);
    // Whoever buys has clicked: never more of one than of the other.
    for (const [row, z] of rows.scores.entries()) expect(z).toBeLessThan(found.labels[0].rows.scores[row]);
  },
);

it.each(['product', 'masked'] as const)('%s: a label that is missing where its parent is 0 is 0', async (condition) => {
  const config = { labels: [click, { ...conditional, condition }] };
  const sparse = shop(undefined, null);
  const of = async (given: typeof sparse) => {
    const { task, trainer } = trainerOf(config, { examples: given.train });
    await trainer.runEpoch();
    return (await task.evaluate({ model: trainer.model, examples: given.test, batchSize: 512 })).metrics;
  };
  expect(await of(sparse)).toEqual(await of({ train, test }));
});

it.each(['pairwise', 'listwise'] as const)('%s learns the order within users', async (loss) => {
  const found = await evaluated({ loss, labels: [click] }, 8);
  expect(Object.keys(found.metrics).sort()).toEqual(['AUC', 'GAUC', 'NDCG@10']);
  expect(found.metrics.GAUC).toBeGreaterThan(0.65);
});

it('an order of numbers stays one where a part of the data has 0 and 1 alone', async () => {
  const { interactions } = train;
  const { events } = interactions;
  const [clicked, watch] = ['clicked', 'watch'].map((name) => (events.columns.get(name) as NumberColumn).values);
  const ofTest = new Set(test.targets);
  const values = watch.map((seconds, e) => (ofTest.has(e) ? clicked[e] : seconds));
  const column: NumberColumn = { kind: 'number', width: 1, values };
  const changed = { ...interactions, events: { ...events, columns: new Map([...events.columns, ['watch', column]]) } };
  const [own, part] = [train, test].map((set): ExampleSet => ({ ...set, interactions: changed }));
  const { task, trainer } = trainerOf({ loss: 'listwise', labels: ['watch'] }, { examples: own });
  await trainer.runEpoch();
  const { metrics } = await task.evaluate({ model: trainer.model, examples: part, batchSize: 512 });
  expect(Object.keys(metrics).sort()).toEqual(['NDCG@10', 'RAUC', 'XAUC']);
});

it('a checkpoint of heads without parents is not gone on with by heads with them, except from its weights', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-parents-'));
  const file = join(folder, 'run.safetensors');
  await saveCheckpoint(file, trainerOf({ labels: [click, 'bought'] }).trainer);
  await expect(loadCheckpoint(file, trainerOf({ labels: [click, conditional] }).trainer)).rejects.toThrow(
    /expected the same run; .*heads.*; use the settings of the checkpoint, or start anew; where training alone differs, from its weights \(initialWeights\)$/,
  );
  rmSync(folder, { recursive: true });
});

it('rows of a group are in one part, and parts change nothing', async () => {
  const loss = async (parts: number): Promise<number> => {
    const { trainer } = trainerOf({ loss: 'pairwise', labels: [click], group: 'visit' }, { steps: { parts } });
    return (await trainer.step()).loss;
  };
  expect(await loss(3)).toBeCloseTo(await loss(1), 5);
});

describe('balance by uncertainty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-balance-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const config = { labels: [click, { column: 'watch', loss: 'log-mse' }], balance: 'uncertainty' };

  it('learns variances that belong to the checkpoint', async () => {
    const { trainer } = trainerOf(config);
    const { logVariances } = trainer.model;
    expect([...logVariances!().dataSync()]).toEqual([0, 0]);
    await trainer.steps(20);
    const learned = [...logVariances!().dataSync()];
    expect(learned[0]).not.toBe(learned[1]);
    const file = join(folder, 'run.safetensors');
    await saveCheckpoint(file, trainer);
    const loaded = (await loadModel(file)) as unknown as Ranker;
    expect([...loaded.logVariances!().dataSync()]).toEqual(learned);
    expect(loaded.sizes).toMatchObject({ logVariances: true });
    loaded.dispose();
  });

  it('needs a model with variances', () => {
    const task = createTask({ kind: 'ranking', ...config }, { train });
    const model = createModel(mlp, { numUsers, numItems, labels: 2 });
    expect(() => createTrainer({ model, examples: train, task, batchSize: 10, learningRate: 0.1 })).toThrow(
      "trainer: model: expected a model with log variances of its labels, which balance 'uncertainty' learns; got a 'mlp' without",
    );
    model.dispose();
  });
});

describe('session weights', () => {
  it('are one over the share of sessions that reach the place of a row, capped', () => {
    const weights = sessionWeights(train, { session: 'visit', cap: 3 });
    const { events } = train.interactions;
    const column = events.columns.get('visit') as { values: Int32Array };
    const lengths = new Map<number, number>();
    for (const event of train.targets) {
      lengths.set(column.values[event], (lengths.get(column.values[event]) ?? 0) + 1);
    }
    const reach = (k: number): number => [...lengths.values()].filter((length) => length >= k).length / lengths.size;
    const seen = new Map<number, number>();
    const { timestamps } = train.interactions;
    for (const event of [...train.targets].sort((a, b) => timestamps[a] - timestamps[b])) {
      const k = (seen.get(column.values[event]) ?? 0) + 1;
      seen.set(column.values[event], k);
      expect(weights[event]).toBeCloseTo(Math.min(3, 1 / reach(k)), 5);
    }
    expect(Math.max(...weights)).toBeGreaterThan(1);
  });

  it('are made of as many sessions as there are', () => {
    const events = 200_000;
    const world = interactionsFromArrays({
      name: 'many',
      users: Array.from({ length: events }, (_, e) => e >> 2),
      items: Array.from({ length: events }, (_, e) => 1 + (e % 3)),
      timestamps: Array.from({ length: events }, (_, e) => e),
      columns: { visit: { kind: 'number', values: Array.from({ length: events }, (_, e) => e) } },
    });
    const rows = randomSplit(world, { validationShare: 0 }).train;
    const weights = sessionWeights(rows, { session: 'visit', cap: 3 });
    expect(rows.targets.length).toBeGreaterThan(130_000);
    expect(weights.every((weight) => weight === 1)).toBe(true);
  });

  it('change the loss, and need rows and a loss of rows', async () => {
    const sessions = { session: 'visit', cap: 5 };
    const loss = async (given: object) => (await trainerOf({ labels: [click], ...given }).trainer.step()).loss;
    expect(await loss({ sessionWeights: sessions })).not.toBe(await loss({}));
    expect(() => trainerOf({ labels: [click], loss: 'pairwise', sessionWeights: sessions })).toThrow(
      'task: sessionWeights: expected a loss of rows; got pairwise and listwise alone',
    );
    expect(() => trainerOf({ labels: [click], sessionWeights: { session: 'request' } })).toThrow(
      'task: sessionWeights.session: expected user, request, or a column of the events of one id or number a row; got data without the role request',
    );
  });
});

it.each<[object, string]>([
  [{ labels: ['watch'] }, "task: labels: expected 0 or 1 in watch for the loss 'binary'; got "],
  [
    { labels: [{ column: 'watch', loss: 'soft-binary' }] },
    "expected numbers from 0 to 1 in watch for the loss 'soft-binary'; got ",
  ],
  [
    { labels: ['rated'] },
    'task: labels: expected columns in the role labels; got rated; there are clicked, bought, watch',
  ],
  [
    { labels: [{ column: click, teacher: { column: 'watch' } }] },
    'expected probabilities in watch, the predictions of a teacher; got ',
  ],
  [
    { labels: [click], group: 'visit' },
    'task: group: expected it with pairwise or listwise, which compare the rows of a group; got visit with binary',
  ],
  // Who has not clicked is of one group, and everyone else of a group alone.
  [
    { labels: [click], loss: 'pairwise', group: 'watch' },
    'task: group: expected a group of training rows with rows of different labels, which pairwise learns clicked from; got ',
  ],
  [
    { labels: [click], loss: 'listwise', group: 'watch' },
    'with several rows and a label above 0, which listwise learns clicked from; got 386 groups by watch, none with them',
  ],
  [{ labels: [click], lossWeights: [0] }, 'task: lossWeights: expected one above 0; got none'],
])('labels that do not fit are refused: %j', (config, message) => {
  expect(() => trainerOf(config)).toThrow(message);
});
