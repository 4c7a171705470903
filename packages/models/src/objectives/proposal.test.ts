import { shuffle, streamKey } from '@seqrec/core';
import { interactionsFromArrays, makeBatch, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import type { PoolSoftmaxConfig } from './config.ts';
import { createObjective } from './create.ts';
import { exactFrequencies, sketchFrequencies } from './frequencies.ts';
import { samplePairs } from './labels.ts';
import { logExpected, negativePool } from './negative-pool.ts';
import { meanLoss, type Objective } from './objective.ts';
import { drawnValues } from './pairs.ts';
import { poolSoftmaxObjective } from './pool-softmax.ts';
import { parseObjectiveConfig } from './registry.ts';

const NUM_ITEMS = 12;
const STEPS = 1500;
const BATCH = 6;
/** Sequences of unequal length, popular items and rare ones, ratings 1 to 5. */
const { train: examples } = tinySplit({ users: 24, items: NUM_ITEMS, length: 11, seed: 5 });

const labels = {
  'next-item': { kind: 'next-item' },
  'next-item, rated': { kind: 'next-item', minRating: 4 },
  'sasrec, rated': { kind: 'sasrec', minRating: 4 },
  'sasrec, cut, rated': { kind: 'sasrec', cut: 'random', minRating: 4 },
  'next-action, rated': { kind: 'next-action', minRating: 2 },
  'next-action, cut': { kind: 'next-action', cut: 'random' },
  'all-action': { kind: 'all-action', windowDays: 0.1, maxLabels: 2 },
  'all-action, last, rated': { kind: 'all-action', cut: 'last', windowDays: 0.1, minRating: 2 },
  'dense, few': { kind: 'dense-all-action', windowDays: 0.1, maxLabels: 2 },
  'dense, cut, rated': { kind: 'dense-all-action', cut: 'random', windowDays: 0.1, maxLabels: 3, minRating: 3 },
} as const;
const pools = {
  'in-batch': { kind: 'in-batch', inBatch: 500 },
  'in-batch, capped': { kind: 'in-batch', inBatch: 5 },
  random: { kind: 'random', random: 8 },
  mixed: { kind: 'mixed', inBatch: 5, random: 8 },
} as const;

/**
 * Per item the mean over many steps of (times in the pool) - exp(logQ), in standard errors of that mean. Steps take
 * random examples, draw pairs and pool as training does.
 */
function excess(config: PoolSoftmaxConfig, share: (item: number) => number): Float64Array {
  const objective = createObjective(config, examples);
  const [sums, squares] = [new Float64Array(NUM_ITEMS + 1), new Float64Array(NUM_ITEMS + 1)];
  for (let step = 0; step < STEPS; step++) {
    const run = { training: true, step, seed: 9 };
    const host = makeBatch(examples, shuffle(streamKey(1, 'batch'), step, examples.targets.length).subarray(0, BATCH));
    const drawn = objective.draw?.({ batch: host, numItems: NUM_ITEMS, run }) ?? {};
    const { positives } = samplePairs(host, config.labels, run);
    const pool = negativePool(positives, drawnValues(drawn.negatives), config.negatives, run);
    drawn.negatives.dispose();
    const logQ = logExpected(pool, share, NUM_ITEMS);
    const counts = new Float64Array(NUM_ITEMS + 1);
    for (const item of pool.items) counts[item]++;
    for (let item = 1; item <= NUM_ITEMS; item++) {
      const off = counts[item] - Math.exp(logQ(item));
      sums[item] += off;
      squares[item] += off * off;
    }
  }
  return sums.map((sum, item) => {
    const error = Math.sqrt(Math.max(1e-12, squares[item] / STEPS - (sum / STEPS) ** 2) / STEPS);
    return sum / STEPS / error;
  });
}

const cases = Object.keys(labels).flatMap((label) =>
  Object.keys(pools)
    .filter((pool) => label === 'next-item' || pool !== 'random')
    .filter((pool) => ['next-item', 'dense, few'].includes(label) || pool !== 'in-batch, capped')
    .map((pool) => ({ label, pool })),
);

const configOf = (label: string, pool: string): PoolSoftmaxConfig =>
  parseObjectiveConfig({
    kind: 'pool-softmax',
    labels: labels[label as keyof typeof labels],
    negatives: pools[pool as keyof typeof pools],
  }) as PoolSoftmaxConfig;

describe('exp(logQ) is how often an item is in the pool', () => {
  it.each(cases)('$label, $pool', ({ label, pool }) => {
    const config = configOf(label, pool);
    const worst = Math.max(...excess(config, exactFrequencies(examples, config.labels).share).map(Math.abs));
    // 12 items: above 4.5 standard errors once in ten thousand.
    expect(worst).toBeLessThan(4.5);
  });

  it('and the test sees shares of all events where only some are labels', () => {
    const all = exactFrequencies(examples).share;
    for (const label of ['next-item, rated', 'sasrec, rated'])
      expect(Math.max(...excess(configOf(label, 'in-batch'), all).map(Math.abs)), label).toBeGreaterThan(8);
  });
});

describe('shares', () => {
  it.each(Object.entries(labels))('%s: sum to one, a wide sketch says the same', (_, each) => {
    const { labels: config } = parseObjectiveConfig({ kind: 'pool-softmax', labels: each }) as PoolSoftmaxConfig;
    const [{ share }, sketch] = [exactFrequencies(examples, config), sketchFrequencies(examples, {}, config)];
    let sum = 0;
    for (let item = 1; item <= NUM_ITEMS; item++) {
      sum += share(item);
      expect(sketch.share(item)).toBeCloseTo(share(item), 12);
    }
    expect(sum).toBeCloseTo(1, 12);
  });

  it('an item whose ratings are all too low is never a label', () => {
    const { train } = trainTest(
      interactionsFromArrays({
        name: 'rated',
        users: [0, 0, 0, 0, 1, 1, 1, 1],
        items: [1, 2, 3, 1, 2, 3, 1, 3],
        timestamps: [0, 1, 2, 3, 0, 1, 2, 3],
        ratings: [5, 1, 5, 5, 1, 5, 5, 4],
      }),
    );
    const { share } = exactFrequencies(train, { kind: 'next-item', minRating: 4 });
    expect([1, 2, 3].map(share)).toEqual([1 / 3, 0, 2 / 3]);
    expect([1, 2, 3].map(exactFrequencies(train).share)).toEqual([1 / 4, 1 / 4, 1 / 2]);
  });

  it('a least rating on data without ratings is refused before the first step', () => {
    const { train } = trainTest(interactionsFromArrays({ name: 'plain', users: [0, 0, 0], items: [1, 2, 3] }));
    expect(() => createObjective({ kind: 'pool-softmax', labels: { kind: 'next-item', minRating: 4 } }, train)).toThrow(
      'objective: labels.minRating: expected data with ratings; got data without; leave minRating out',
    );
  });

  it('where windows move, every positive event after the first counts once, whatever the labels', async () => {
    await tf.setBackend('cpu');
    const { kind: _, ...config } = parseObjectiveConfig({
      kind: 'pool-softmax',
      labels: { kind: 'next-action', cut: 'random', minRating: 3 },
      negatives: pools['in-batch'],
    }) as PoolSoftmaxConfig;
    const model = createModel({ ...tinyConfigs.sasrec, maxSequenceLength: 11 }, { numItems: NUM_ITEMS, seed: 1 });
    const batch = uploadBatch(makeBatch(examples, [0, 1, 2, 3, 4, 5]));
    const drawn = { negatives: tf.tensor1d([], 'int32') };
    const context = { model, batch, drawn, run: { training: false, step: 1, seed: 2 } };
    const lossOf = (objective: Objective): number => tf.tidy(() => meanLoss(objective.loss(context)).dataSync()[0]);
    const moving = createObjective({ kind: 'pool-softmax', ...config }, examples, { windowsMove: true });
    const still = createObjective({ kind: 'pool-softmax', ...config }, examples);
    const counted = exactFrequencies(examples, { kind: 'next-item', minRating: 3 });
    expect(lossOf(moving)).toBe(lossOf(poolSoftmaxObjective(config, counted)));
    expect(lossOf(still)).toBe(lossOf(poolSoftmaxObjective(config, exactFrequencies(examples, config.labels))));
    expect(lossOf(moving)).not.toBe(lossOf(still));
    tf.dispose(drawn);
    batch.dispose();
    model.dispose();
  });
});
