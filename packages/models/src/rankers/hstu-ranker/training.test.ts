import { useBackend } from '@seqrec/core';
import { dlrmWorld, makeBatch } from '@seqrec/data';
import { beforeAll, expect, it } from 'vitest';
import { fitFields } from '../../features/fit-fields.ts';
import type { Ranker } from '../../model.ts';
import { createModel } from '../../registry.ts';
import { rankingTask } from '../../tasks/ranking/task.ts';
import { createTrainer, type Trainer } from '../../train/trainer.ts';
import { examplesFor } from '../examples-for.ts';
import { hstuRankerConfigSchema } from './config.ts';

const { split } = dlrmWorld({
  ...{ users: 12, items: 96, seed: 3, steps: 8, categories: 4, eventsPerStep: 7, candidates: 4, testCandidates: 9 },
  ...{ trainShare: 0.75, validationSteps: 0 },
});
const { train, test } = split;
const { numUsers, numItems } = train.interactions;
const config = hstuRankerConfigSchema.parse({
  ...{ kind: 'hstu-ranker', embeddingDim: 8, numBlocks: 2, numHeads: 2, dqk: 4, dv: 4, userHistory: { maxEvents: 20 } },
  ...{
    preprocessorHidden: 8,
    towerHidden: 8,
    headHidden: 8,
    positionBuckets: 30,
    ageBuckets: 4,
    features: ['category'],
  },
  ...{ inputDropout: 0.3, linearDropout: 0.2 },
});
const task = rankingTask({ loss: 'binary' }, ['like']);

function makeTrainer(options: object = {}): Trainer<Ranker> {
  const model = createModel(config, { numUsers, numItems, features: fitFields(config, train), seed: 2 }) as Ranker;
  return createTrainer({ model, examples: train, task, batchSize: 16, learningRate: 0.01, seed: 4, ...options });
}

beforeAll(async () => {
  await useBackend('auto');
});

it('takes a step of requests, a row of each of their candidates', async () => {
  const trainer = makeTrainer();
  expect(trainer.examples.targets.length).toBe(train.targets.length / 4);
  const { sequences, loss } = await trainer.step();
  expect(sequences).toBe(16);
  expect(loss).toBeGreaterThan(0.3);
  trainer.dispose();
  trainer.model.dispose();
});

it.each([{ parts: 3 }, { embeddings: 'rowwise' }])('takes the same steps with %j, dropout and all', async (options) => {
  const trainers = [makeTrainer(), makeTrainer(options)];
  for (const trainer of trainers) await trainer.step();
  const [whole, other] = trainers.map(({ model }) => [...model.variables()]);
  for (const [i, [name, variable]] of whole.entries()) {
    // Rows have a second moment of their own.
    if ('embeddings' in options && name.startsWith('fields.')) continue;
    const [expected, got] = [variable, other[i][1]].map((each) => Array.from(each.dataSync()));
    // A step of Adam is the rate in the direction of the gradient: rounding turns the directions of a few.
    const moved = expected.reduce((count, x, at) => count + Number(Math.abs(x - got[at]) > 1e-4), 0);
    expect(moved, name).toBeLessThanOrEqual(Math.ceil(0.02 * expected.length));
  }
  for (const trainer of trainers) {
    trainer.dispose();
    trainer.model.dispose();
  }
});

it('trains the rows that a step reads, of histories and of candidates, by rows', async () => {
  const trainer = makeTrainer({ embeddings: 'rowwise', weightDecay: 0 });
  const table = trainer.model.tables().get('fields.item.weight')!;
  const before = table.variable.dataSync().slice();
  const read = makeBatch(trainer.examples, trainer.batchIndices(0, 0), trainer.model.columns);
  await trainer.step();
  const after = table.variable.dataSync();
  const moved = Array.from({ length: numItems + 1 }, (_, id) => after[8 * id] !== before[8 * id]);
  const ids = new Set([...read.itemIds, ...(read.exampleItems ?? [])]);
  // An item without a row that trains is row 0 of the table.
  const { trained } = fitFields(config, train);
  for (let id = 1; id <= numItems; id++) expect(moved[id], `${id}`).toBe(ids.has(id) && trained[id] === 1);
  trainer.dispose();
  trainer.model.dispose();
});

it('learns, and is evaluated on every row in the order of the set', async () => {
  const trainer = makeTrainer();
  const before = await task.evaluate({ model: trainer.model, examples: test, batchSize: 40 });
  for (let epoch = 0; epoch < 6; epoch++) await trainer.runEpoch();
  const progress: number[] = [];
  const after = await task.evaluate({
    ...{ model: trainer.model, examples: test, batchSize: 40 },
    onProgress: ({ done }) => progress.push(done),
  });
  expect(progress.at(-1)).toBe(test.targets.length);
  expect([...after.labels[0].examples]).toEqual([...test.targets.keys()]);
  expect(after.metrics.logloss).toBeLessThan(before.metrics.logloss);
  const label = train.interactions.events.columns.get('like') as { readonly values: Float32Array };
  expect([...after.labels[0].rows.labels]).toEqual(Array.from(test.targets, (event) => label.values[event]));
  const requests = examplesFor(trainer.model, test);
  expect(examplesFor(trainer.model, requests)).toBe(requests);
  trainer.dispose();
  trainer.model.dispose();
});
