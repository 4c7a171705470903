// Models of a form of their own, whose branches learn as well or which judge the rows of a request at once.
import { useBackend } from '@seqrec/core';
import { dlrmWorld, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import type { Ranker } from '../../model.ts';
import { examplesFor } from '../../rankers/examples-for.ts';
import { createModel } from '../../registry.ts';
import { batchColumns } from '../../train/columns.ts';
import { onlyPart } from '../part.ts';
import type { Task } from '../task.ts';
import { sessionWeights } from './session-weights.ts';
import { rankingTask } from './task.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const { train } = dlrmWorld({
  ...{ users: 12, items: 96, seed: 3, steps: 8, categories: 4, eventsPerStep: 7, candidates: 4, testCandidates: 9 },
  ...{ trainShare: 0.75, validationSteps: 0 },
}).split;
const { numUsers, numItems } = train.interactions;
const fcn = { kind: 'fcn', embeddingDim: 4, exponentialLayers: 1, linearLayers: 1 } as const;
const hstu = {
  ...{ kind: 'hstu-ranker', embeddingDim: 8, numBlocks: 1, numHeads: 2, dqk: 4, dv: 4, userHistory: { maxEvents: 20 } },
  ...{ preprocessorHidden: 8, towerHidden: 8, headHidden: 8, positionBuckets: 30, ageBuckets: 4 },
} as const;
const made = (config: object): Ranker =>
  createModel(config as never, { numUsers, numItems, seed: 2 }) as unknown as Ranker;

describe('what a form cannot learn is refused', () => {
  it.each<[string, object, object, string]>([
    ['branches, a loss of another kind', fcn, { loss: 'huber' }, "the branches of 'fcn' learn; got like, huber"],
    ['branches, weights of rows', fcn, { sessionWeights: { session: 'user', cap: 3 } }, 'got sessionWeights'],
    ['requests, pairs of rows', hstu, { loss: 'pairwise' }, 'judges the rows of a request at once; got like, pairwise'],
    ['branches, learned weights', fcn, { balance: 'uncertainty' }, 'balance'],
  ])('%s', (_, config, settings, message) => {
    const model = made(config);
    const task = rankingTask(settings, ['like'], train);
    expect(() => task.check?.(model, train, undefined)).toThrow(message);
    model.dispose();
  });
});

it('a model of requests learns the weights of its labels', () => {
  const task = rankingTask({ labels: ['like'], balance: 'uncertainty' }, ['like'], train);
  const before = tf.memory().numTensors;
  const model = createModel(hstu, { numUsers, numItems, seed: 2, logVariances: true }) as unknown as Ranker;
  task.check?.(model, train, undefined);
  const s = model.logVariances!();
  expect([...model.variables().values()]).toContain(s);
  const batch = uploadBatch(
    makeBatch(examplesFor(model, train), [0, 5, 9], batchColumns(model, task as unknown as Task)),
  );
  const part = { ...onlyPart(batch.host) };
  const run = { training: false, step: 0, seed: 0 };
  const plain = rankingTask({}, ['like'], train);
  const [learned, gradient] = tf.tidy(() => {
    const { value, grads } = tf.variableGrads(
      () => task.loss({ model, batch, part, drawn: {}, run }).sum as tf.Scalar,
      [s],
    );
    return [value.dataSync()[0], Object.values(grads)[0].dataSync()[0]];
  });
  const { sum, weight } = tf.tidy(() => {
    const { sum, weight } = plain.loss({ model, batch, part, drawn: {}, run });
    return { sum: sum.dataSync()[0], weight };
  });
  // L / (2 sigma^2) + ln sigma at s = ln sigma^2 = 0, of all rows.
  expect(learned).toBeCloseTo(sum / 2, 4);
  expect(gradient).toBeCloseTo((weight - sum) / 2, 4);
  batch.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('rows of requests have the weights of their own events', () => {
  const given = { session: 'user', cap: 2 };
  const task = rankingTask({ sessionWeights: given }, ['like'], train);
  const model = made(hstu);
  const read = examplesFor(model, train);
  const host = makeBatch(read, [0, 5, 9], batchColumns(model, task as unknown as Task));
  const batch = uploadBatch(host);
  const run = { training: false, step: 0, seed: 0 };
  const weights = sessionWeights(train, given);
  const label = train.interactions.events.columns.get('like') as { readonly values: Float32Array };
  const logits = tf.tidy(() => model.logits(batch, run).dataSync());
  const events = [...host.exampleEvents!];
  expect(events).toHaveLength(12);
  let [sum, total] = [0, 0];
  for (const [row, event] of events.entries()) {
    const z = logits[row];
    sum += weights[event] * (Math.log1p(Math.exp(z)) - label.values[event] * z);
    total += weights[event];
  }
  expect(new Set(events.map((event) => weights[event])).size).toBeGreaterThan(1);
  const { sum: loss, weight } = tf.tidy(() => {
    const made = task.loss({ model, batch, part: onlyPart(host), drawn: {}, run });
    return { sum: made.sum.dataSync()[0], weight: made.weight };
  });
  expect(loss / weight).toBeCloseTo(sum / total, 5);
  batch.dispose();
  model.dispose();
});
