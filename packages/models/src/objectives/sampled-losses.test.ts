import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { tinyTrain } from '../test-support/tiny.ts';
import type { ObjectiveConfigInput } from './config.ts';
import { createObjective } from './create.ts';
import { samplePairs } from './labels.ts';
import { meanLoss } from './objective.ts';
import { parseObjectiveConfig } from './registry.ts';
import { sampledSoftmaxObjective } from './sampled-softmax.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const NUM_ITEMS = 9;
const DAY = 86_400;
const run = { training: true, step: 11, seed: 5 };

/** Two sequences of user 4 and one of user 6: labels 2 3 | 5 | 7 7 8. */
const host: SequenceBatch = {
  users: Int32Array.of(4, 4, 6),
  offsets: Int32Array.of(0, 2, 3, 6),
  itemIds: Int32Array.of(1, 2, 4, 6, 7, 7),
  timestamps: Float64Array.of(0, 1, 5, 0, 2, 3).map((day) => day * DAY),
  targets: Int32Array.of(2, 3, 5, 7, 7, 8),
  targetTimestamps: Float64Array.of(1, 2, 6, 2, 3, 4).map((day) => day * DAY),
};
const own: Readonly<Record<number, readonly number[]>> = { 4: [2, 3, 5], 6: [7, 8] };

const vector = (angle: number): [number, number] => [Math.fround(Math.cos(angle)), Math.fround(Math.sin(angle))];
const itemRows = Array.from({ length: NUM_ITEMS + 1 }, (_, item) => (item === 0 ? [0, 0] : vector(0.7 * item)));
const tokenRows = Array.from(host.itemIds, (_, t) => vector(1.3 * t + 0.2));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, d) => sum + x * b[d], 0);
const softplus = (x: number): number => Math.log1p(Math.exp(x));

/** Unit vectors that are known; a model that learns its temperature has the one given. */
function known(temperature?: number): TokenEncoder {
  return {
    kind: 'known',
    config: { kind: 'known' },
    numItems: NUM_ITEMS,
    maxSequenceLength: 9,
    encode: (batch) => tf.tensor2d(tokenRows.slice(0, batch.numTokens)),
    itemVectors: () => tf.tensor2d(itemRows),
    itemTable: () => expect.unreachable('losses read itemVectors'),
    tables: () => new Map(),
    withItemRows: () => expect.unreachable('losses take no rows'),
    ...(temperature !== undefined && { temperature: () => tf.tensor1d([temperature]) }),
    variables: () => new Map(),
    dispose: () => undefined,
  };
}

/** The loss, and the negatives `[P][R]` that it was computed with. */
function lossOf(config: ObjectiveConfigInput, model = known()): { loss: number; negatives: number[][] } {
  const objective = createObjective(config, tinyTrain());
  const parsed = parseObjectiveConfig(config);
  const { labels } = parsed;
  const numNegatives = 'numNegatives' in parsed ? parsed.numNegatives : 0;
  const batch = uploadBatch(host);
  const drawn = objective.draw!({ batch: host, numItems: NUM_ITEMS, run });
  const flat = [...drawn.negatives.dataSync()];
  const count = samplePairs(host, labels, run).rows.length;
  const negatives = Array.from({ length: count }, (_, p) => flat.slice(p * numNegatives, (p + 1) * numNegatives));
  expect(flat).toHaveLength(count * numNegatives);
  expect(flat.every((item) => item >= 1 && item <= NUM_ITEMS)).toBe(true);
  const loss = tf.tidy(() => meanLoss(objective.loss({ model, batch, drawn, run })).dataSync()[0]);
  tf.dispose(Object.values(drawn));
  batch.dispose();
  return { loss, negatives };
}

type PairLoss = (row: number, label: number, user: number, negatives: readonly number[]) => number;

/** Mean over pairs, or over users of the means over their pairs, of a loss written out in float64. */
function byHand(config: ObjectiveConfigInput, negatives: readonly (readonly number[])[], lossOfPair: PairLoss): number {
  const { labels, weighting } = parseObjectiveConfig(config);
  const { rows, positives, sequences, weights } = samplePairs(host, labels, run);
  const [sums, totals] = [new Map<number, number>(), new Map<number, number>()];
  rows.forEach((row, p) => {
    const user = host.users[sequences[p]];
    const group = weighting === 'user' ? user : 0;
    sums.set(group, (sums.get(group) ?? 0) + weights[p] * lossOfPair(row, positives[p], user, negatives[p]));
    totals.set(group, (totals.get(group) ?? 0) + weights[p]);
  });
  const means = [...sums].map(([group, sum]) => sum / totals.get(group)!);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

const settings = [
  { labels: { kind: 'next-item' }, weighting: 'token' },
  { labels: { kind: 'next-item' }, weighting: 'user' },
  { labels: { kind: 'sasrec', cut: 'last' }, weighting: 'token' },
  { labels: { kind: 'all-action', windowDays: 2 }, weighting: 'user' },
  { labels: { kind: 'dense-all-action', windowDays: 2 }, weighting: 'token' },
] as const;

describe.each(settings)('$labels.kind labels, $weighting weighting', (setting) => {
  it('BCE: the label against the mean of its negatives, without the labels of the user', () => {
    const config = { kind: 'bce', numNegatives: 6, temperature: 0.4, ...setting } as const;
    const { loss, negatives } = lossOf(config);
    // The case is empty unless some negatives are labels and some are not.
    expect(new Set(negatives.flat().map((item) => own[4].includes(item))).size).toBe(2);
    const expected = byHand(config, negatives, (row, label, user, drawn) => {
      const score = (item: number): number => dot(tokenRows[row], itemRows[item]) / 0.4;
      const against = drawn.map((item) => (own[user].includes(item) ? 0 : softplus(score(item))));
      return softplus(-score(label)) + against.reduce((sum, value) => sum + value, 0) / drawn.length;
    });
    expect(loss).toBeCloseTo(expected, 5);
  });

  it('sampled softmax: the label against its negatives, those equal to it left out', () => {
    const config = { kind: 'sampled-softmax', numNegatives: 6, temperature: 0.4, ...setting } as const;
    const { loss, negatives } = lossOf(config);
    const expected = byHand(config, negatives, (row, label, _, drawn) => {
      const score = (item: number): number => dot(tokenRows[row], itemRows[item]) / 0.4;
      const others = drawn.filter((item) => item !== label).map((item) => Math.exp(score(item) - score(label)));
      return Math.log(others.reduce((sum, value) => sum + value, 1));
    });
    expect(loss).toBeCloseTo(expected, 5);
  });

  it('full softmax: the label against all items', () => {
    const config = { kind: 'full-softmax', temperature: 0.4, ...setting } as const;
    const objective = createObjective(config, tinyTrain());
    const batch = uploadBatch(host);
    const loss = tf.tidy(() => meanLoss(objective.loss({ model: known(), batch, drawn: {}, run })).dataSync()[0]);
    batch.dispose();
    const all = Array.from({ length: NUM_ITEMS }, (_, i) => i + 1);
    const { rows } = samplePairs(host, parseObjectiveConfig(config).labels, run);
    const expected = byHand(
      config,
      Array.from(rows, () => all),
      (row, label) => {
        const score = (item: number): number => dot(tokenRows[row], itemRows[item]) / 0.4;
        return Math.log(all.reduce((sum, item) => sum + Math.exp(score(item) - score(label)), 0));
      },
    );
    expect(loss).toBeCloseTo(expected, 5);
  });
});

describe('temperature', () => {
  it.each([
    ['bce', { labels: { kind: 'next-item' } }],
    ['sampled-softmax', { labels: { kind: 'next-item' } }],
    ['sampled-softmax', { labels: { kind: 'dense-all-action' } }],
  ] as const)('%s: one that the model learns takes the place of the fixed one', (kind, rest) => {
    const learned = lossOf({ kind, numNegatives: 5, temperature: 0.05, ...rest }, known(0.4)).loss;
    expect(learned).toBeCloseTo(lossOf({ kind, numNegatives: 5, temperature: 0.4, ...rest }).loss, 5);
  });
});

describe('sampledSoftmaxObjective', () => {
  it('has the defaults of the research code, and says what differs from them', () => {
    expect(sampledSoftmaxObjective()).toMatchObject({ name: 'sampled-softmax' });
    expect(sampledSoftmaxObjective().settings).toEqual({ numNegatives: 128, temperature: 0.05 });
    expect(sampledSoftmaxObjective({ weighting: 'user', numNegatives: 2 }).settings).toEqual({
      numNegatives: 2,
      temperature: 0.05,
      'labels.kind': 'next-item',
      weighting: 'user',
    });
    expect(sampledSoftmaxObjective({ labels: { kind: 'next-item', minRating: 4 } }).settings).toMatchObject({
      'labels.kind': 'next-item',
      'labels.minRating': 4,
      weighting: 'token',
    });
  });

  it.each([
    [{ numNegatives: 0 }, 'objective: numNegatives: expected an integer >= 1; got 0'],
    [{ numNegatives: 1.5 }, 'objective: numNegatives: expected an integer >= 1; got 1.5'],
    [{ temperature: 0 }, 'objective: temperature: expected a number > 0; got 0'],
    [{ temperature: Number.NaN }, 'objective: temperature: expected a number > 0; got NaN'],
  ])('refuses %j', (options, message) => {
    expect(() => sampledSoftmaxObjective(options)).toThrow(message);
  });

  it('draws other negatives at every step and for every seed, the same ones again', () => {
    const objective = sampledSoftmaxObjective({ numNegatives: 20 });
    const draw = (step: number, seed: number): string => {
      const { negatives } = objective.draw!({ batch: host, numItems: NUM_ITEMS, run: { training: true, step, seed } });
      expect(negatives.shape).toEqual([6, 20]);
      const text = [...negatives.dataSync()].join(' ');
      negatives.dispose();
      return text;
    };
    expect(draw(1, 1)).toBe(draw(1, 1));
    expect(new Set([draw(1, 1), draw(2, 1), draw(1, 2)]).size).toBe(3);
  });
});
