import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { actionOf } from '../layers/actions.ts';
import { knownModel, onCircle } from '../test-support/known-model.ts';
import { tinyTrain } from '../test-support/tiny.ts';
import { evaluateActions } from './actions.ts';
import { categoricalNormalizedEntropy } from './class-entropy.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const examples = tinyTrain();
const logit = (item: number, action: number): number => Math.sin(1 + item * (action + 2));
const model = knownModel(
  Array.from({ length: 21 }, (_, item) => onCircle(item)),
  () => [],
  {
    encodeWithActions: ({ host }) => ({
      encoded: tf.zeros([host.itemIds.length, 2]),
      actionLogits: tf.tensor2d(
        Array.from(host.itemIds, (item) => Array.from({ length: 10 }, (_, a) => logit(item, a))),
      ),
    }),
  },
);

/** The target's item and rating of every example, and the probabilities that the model gives. */
const events = (() => {
  const { targets, targetRatings, offsets } = makeBatch(examples, [...examples.targets.keys()]);
  return Array.from(offsets.subarray(1), (end) => {
    const weights = Array.from({ length: 10 }, (_, a) => Math.exp(logit(targets[end - 1], a)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { rating: targetRatings![end - 1], probabilities: weights.map((weight) => weight / total) };
  });
})();
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('evaluateActions, by hand', () => {
  it.each([undefined, 3])('cross-entropies over entropies, and pairs in order: positive from %s', async (least) => {
    const { metrics, numEvents, definition } = await evaluateActions({
      model,
      examples,
      batchSize: 5,
      ...(least !== undefined && { positiveRating: least }),
    });
    const from = least ?? 4;
    const actions = events.map(({ rating }) => actionOf(rating) - 1);
    const shares = new Map<number, number>();
    for (const action of actions) shares.set(action, (shares.get(action) ?? 0) + 1 / actions.length);
    const entropy = (values: Iterable<number>): number =>
      [...values].reduce((sum, share) => sum - share * Math.log(share), 0);
    const loss = mean(events.map(({ probabilities }, e) => -Math.log(probabilities[actions[e]])));
    expect(metrics.NE).toBeCloseTo(loss / entropy(shares.values()), 5);

    const positive = events.map(({ rating }) => rating >= from);
    const chance = events.map(({ probabilities }) =>
      probabilities.slice(actionOf(from) - 1).reduce((sum, value) => sum + value, 0),
    );
    const base = mean(positive.map(Number));
    const binary = mean(chance.map((p, e) => -Math.log(positive[e] ? p : 1 - p)));
    expect(metrics[`NE(rating>=${from})`]).toBeCloseTo(binary / entropy([base, 1 - base]), 5);
    const wins = chance.flatMap((p, i) =>
      positive[i] ? chance.filter((_, j) => !positive[j]).map((q) => (p > q ? 1 : p === q ? 0.5 : 0)) : [],
    );
    expect(metrics[`AUC(rating>=${from})`]).toBeCloseTo(mean(wins), 6);
    expect(numEvents).toBe(events.length);
    expect(definition[0]).toBe(
      `Events: the target of each of ${events.length} examples of train, its item and time known, its rating to be predicted.`,
    );
    expect(definition[2]).toContain(`NE(rating>=${from}), AUC(rating>=${from}): the same`);
  });

  it('says how far it is, leaves nothing behind, and gives the same in one batch', async () => {
    const progress: unknown[] = [];
    const before = tf.memory().numTensors;
    const blocks = await evaluateActions({ model, examples, batchSize: 5, onProgress: (p) => progress.push(p) });
    expect(progress).toEqual([5, 10, 12].map((done) => ({ done, total: 12 })));
    progress.length = 0;
    await evaluateActions({ model, examples, batchSize: 6, onProgress: (p) => progress.push(p) });
    expect(progress).toEqual([6, 12].map((done) => ({ done, total: 12 })));
    const whole = await evaluateActions({ model, examples });
    for (const [name, value] of Object.entries(whole.metrics)) expect(blocks.metrics[name]).toBeCloseTo(value, 6);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('normalised entropy over classes', () => {
  it('holds a certain mistake to a loss of -log 1e-7, and certainty to one of 1e-7', () => {
    expect(categoricalNormalizedEntropy([1, 0, 0, 1], [1, 0], 2)).toBeCloseTo(-Math.log(1e-7) / Math.LN2, 9);
    expect(categoricalNormalizedEntropy([0, 1, 1, 0], [1, 0], 2)).toBeCloseTo(1e-7 / Math.LN2, 12);
    // The label of the first event would read the probabilities of the second.
    for (const label of [2, -1, 0.5])
      expect(() => categoricalNormalizedEntropy([0, 1, 1, 0], [label, 0], 2)).toThrow(
        `normalised entropy: expected labels that are whole numbers in 0..1; got ${label} of event 0`,
      );
    expect(() => categoricalNormalizedEntropy([0, 1, 1], [1, 0], 2)).toThrow(
      'normalised entropy: expected 2 probabilities of each of 2 events; got 3',
    );
  });

  it('counts only classes that occur', () => {
    // Half the events of class 0, half of class 2, none of class 1: the entropy is log 2.
    const uniform = new Array<number>(12).fill(1 / 3);
    expect(categoricalNormalizedEntropy(uniform, [0, 2, 0, 2], 3)).toBeCloseTo(Math.log(3) / Math.LN2, 12);
  });
});
