import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { denseGradients, rowwiseGradients } from '../test-support/gradients.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import type { ObjectiveConfigInput } from './config.ts';
import { createObjective } from './create.ts';
import { sampledSoftmax } from './functions/logq.ts';
import { samplePairs } from './labels.ts';
import type { DrawnItems } from './objective.ts';

const NUM_ITEMS = 20;
const examples = tinyTrain();
const host = makeBatch(examples, [0, 1, 2, 5]);
const run = { training: false, step: 4, seed: 2 };

let model: TokenEncoder;
beforeAll(async () => {
  await useBackend('auto');
  model = createModel(tinyConfigs.sasrec, { numItems: NUM_ITEMS, seed: 1 });
});

/** Loss of a batch and the gradients of all weights, under given draws. */
function step(config: ObjectiveConfigInput, draws?: (own: DrawnItems) => DrawnItems): number[] {
  const objective = createObjective(config, examples);
  const batch = uploadBatch(host);
  const values = tf.tidy(() => {
    const own = objective.draw?.({ batch: host, numItems: NUM_ITEMS, run }) ?? {};
    const context = { model, batch, drawn: draws?.(own) ?? own, run };
    let weight = 1;
    const { value, grads } = tf.variableGrads(() => {
      const loss = objective.loss(context);
      weight = loss.weight;
      return loss.sum;
    }, [...model.variables().values()]);
    return [value, ...Object.values(grads)].flatMap((x) => [...x.dataSync()].map((number) => number / weight));
  });
  batch.dispose();
  return values;
}

function expectSame(got: readonly number[], expected: readonly number[], within = 1e-5): void {
  expect(got).toHaveLength(expected.length);
  const largest = Math.max(...expected.slice(1).map(Math.abs));
  expect(Math.abs(got[0] - expected[0])).toBeLessThan(within * (1 + Math.abs(expected[0])));
  const error = got.slice(1).reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i + 1])), 0);
  expect(error).toBeLessThan(within * largest);
}

const temperature = 0.2;
const labels = { kind: 'dense-all-action', windowDays: 3, maxLabels: 4 } as const;

describe('the full softmax', () => {
  it.each([{ kind: 'next-item' }, labels] as const)(
    'is the sampled one with all items as negatives ($kind)',
    (each) => {
      const full = step({ kind: 'full-softmax', temperature, labels: each });
      const pairs = samplePairs(host, each as never, run).rows.length;
      const all = Int32Array.from({ length: pairs * NUM_ITEMS }, (_, i) => 1 + (i % NUM_ITEMS));
      const sampled = step({ kind: 'sampled-softmax', numNegatives: NUM_ITEMS, temperature, labels: each }, () => ({
        negatives: tf.tensor2d(all, [pairs, NUM_ITEMS], 'int32'),
      }));
      expectSame(sampled, full);
    },
  );

  it('so is it as a function of scores', () => {
    tf.tidy(() => {
      const scores = tf.randomNormal([5, 9], 0, 2, 'float32', 3) as tf.Tensor2D;
      const own = tf.slice(scores, [0, 2], [5, 1]);
      const valid = tf.tensor2d(
        Array.from({ length: 45 }, (_, i) => i % 9 !== 2),
        [5, 9],
        'bool',
      );
      const sampled = sampledSoftmax({ positive: tf.reshape(own, [5]), negative: scores, valid });
      const full = tf.sub(tf.logSumExp(scores, 1), tf.reshape(own, [5]));
      expect(tf.max(tf.abs(tf.sub(sampled, full))).dataSync()[0]).toBeLessThan(2e-6);
    });
  });

  it.each([
    { mix: true, average: 'covered', labels: { kind: 'next-item' } },
    { mix: false, average: 'all', labels: { kind: 'next-item' } },
    { mix: true, average: 'covered', labels, weighting: 'user' },
  ] as const)('is scalable cross-entropy with one bucket of everything: %j', ({ mix, average, ...shared }) => {
    const full = step({ kind: 'full-softmax', temperature, ...shared });
    const bucket = { buckets: 1, bucketPairs: 1000, bucketItems: 1000 };
    expectSame(
      step({ kind: 'sce', temperature, ...bucket, mix, average: average as 'all' | 'covered', ...shared }),
      full,
    );
  });
});

describe('scalable cross-entropy', () => {
  const config: ObjectiveConfigInput & { kind: 'sce' } = {
    kind: 'sce',
    temperature,
    buckets: 3,
    bucketPairs: 4,
    bucketItems: 5,
  };

  it('a mean over pairs in a bucket is that over all, times a factor', () => {
    const [covered, all] = [step(config), step({ ...config, average: 'all' as const })];
    const factor = covered[0] / all[0];
    const tokens = host.itemIds.length;
    // At most 12 of the pairs are in a bucket.
    expect(factor).toBeGreaterThanOrEqual((tokens / 12) * (1 - 1e-5));
    expectSame(
      all.map((x) => x * factor),
      covered,
    );
  });

  it('has other buckets at every step, and the same ones again', () => {
    expect(step(config)).toEqual(step(config));
    const objective = createObjective(config, examples);
    const batch = uploadBatch(host);
    const losses = [4, 5, 6].map((at) =>
      tf.tidy(() => objective.loss({ model, batch, drawn: {}, run: { ...run, step: at } }).sum.dataSync()[0]),
    );
    batch.dispose();
    expect(new Set(losses).size).toBe(3);
  });

  it('more buckets than pairs and wider ones than the catalogue are no error', () => {
    const wide = step({ ...config, buckets: 40, bucketPairs: 3, bucketItems: 1000 });
    expect(wide.every(Number.isFinite)).toBe(true);
  });
});

describe('gBCE', () => {
  const shared = { temperature, numNegatives: 3, ownLabels: 'kept' } as const;

  it('with t = 0 is binary cross-entropy, a mean over the label and its negatives', () => {
    expectSame(step({ kind: 'gbce', t: 0, ...shared }), step({ kind: 'bce', divisor: 'all', ...shared }), 1e-6);
  });

  it('of one negative binary cross-entropy is twice that', () => {
    const one = { temperature, numNegatives: 1 } as const;
    const halves = step({ kind: 'bce', divisor: 'all', ...one }).map((x) => 2 * x);
    expectSame(halves, step({ kind: 'bce', ...one }), 1e-6);
  });

  it.each([0, 0.3, 1])('has the power beta on the probability of the label: t = %d', (t) => {
    const objective = createObjective({ kind: 'gbce', t, ...shared }, examples);
    const batch = uploadBatch(host);
    const { loss, expected } = tf.tidy(() => {
      const drawn = objective.draw!({ batch: host, numItems: NUM_ITEMS, run });
      const scores = tf.matMul(model.encode(batch, run), model.itemVectors(), false, true).arraySync() as number[][];
      const negatives = drawn.negatives.dataSync();
      const sigmoid = (row: number, item: number): number => 1 / (1 + Math.exp(-scores[row][item] / temperature));
      const alpha = 3 / (NUM_ITEMS - 1);
      const beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha);
      const each = [...host.targets].map((label, row) => {
        let sum = Math.log(sigmoid(row, label) ** beta);
        for (let r = 0; r < 3; r++) sum += Math.log(1 - sigmoid(row, negatives[row * 3 + r]));
        return -sum / 4;
      });
      return {
        loss: objective.loss({ model, batch, drawn, run }).sum.dataSync()[0],
        expected: each.reduce((a, b) => a + b, 0),
      };
    });
    batch.dispose();
    expect(loss / expected).toBeCloseTo(1, 5);
  });

  it('trains the rows of a step as it trains a table', async () => {
    const objective = createObjective({ kind: 'gbce', numNegatives: 5 }, examples);
    const [dense, rows] = [
      await denseGradients({ model, objective, batch: host, run }),
      await rowwiseGradients({ model, objective, batch: host, run }),
    ];
    expect(rows.loss.dataSync()[0]).toBeCloseTo(dense.loss.dataSync()[0], 5);
    tf.dispose([dense.loss, rows.loss, dense.dense, rows.dense, ...[...rows.rows.values()].map(({ grad }) => grad)]);
  });

  it('settings of binary cross-entropy are those of runs from before its other forms', () => {
    expect(createObjective({ kind: 'bce' }, examples).settings).toEqual({
      numNegatives: 1,
      temperature: 0.05,
      'labels.kind': 'next-item',
      weighting: 'token',
    });
    const other = createObjective({ kind: 'bce', divisor: 'all', ownLabels: 'kept' }, examples).settings;
    expect(other).toMatchObject({ divisor: 'all', ownLabels: 'kept' });
    expect(createObjective({ kind: 'gbce' }, examples).settings).toMatchObject({ t: 0.75, numNegatives: 256 });
  });
});
