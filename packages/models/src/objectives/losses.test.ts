import { knownHostValues } from '@seqrec/core';
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
import { cutBatch } from './cuts.ts';
import { samplePairs } from './labels.ts';
import { meanLoss } from './objective.ts';
import { poolSoftmaxObjective } from './pool-softmax.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const examples = tinyTrain();
const run = { training: false, step: 4, seed: 2 };

function lossOf(objective: ReturnType<typeof createObjective>, indices = [0, 1, 2], model = sasrec()): number {
  const batch = uploadBatch(makeBatch(examples, indices));
  const before = tf.memory().numTensors;
  const value = tf.tidy(() => {
    const drawn = objective.draw?.({ batch: batch.host, numItems: 20, run }) ?? {};
    return meanLoss(objective.loss({ model, batch, drawn, run })).dataSync()[0];
  });
  expect(tf.memory().numTensors).toBe(before);
  batch.dispose();
  return value;
}
let shared: TokenEncoder | undefined;
function sasrec(): TokenEncoder {
  shared ??= createModel(tinyConfigs.sasrec, { numItems: 20, seed: 1 });
  return shared;
}

/** Cosines over the temperature of every token with every item. */
function scores(indices: number[], temperature: number): { rows: number[][]; targets: number[] } {
  const batch = uploadBatch(makeBatch(examples, indices));
  const rows = tf.tidy(() => {
    const encoded = sasrec().encode(batch, run);
    return tf.div(tf.matMul(encoded, sasrec().itemVectors(), false, true), temperature).arraySync() as number[][];
  });
  const targets = [...batch.host.targets];
  batch.dispose();
  return { rows, targets };
}
const logSumExp = (values: number[]): number => {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
};

it.each(['sampled-softmax', 'bce', 'pool-softmax'] as const)(
  '%s draws the same on the host, and remembers it',
  (kind) => {
    const objective = createObjective({ kind }, examples);
    const context = { batch: makeBatch(examples, [0, 1, 2]), numItems: 20, run };
    const [there, here] = [objective.draw!(context).negatives, objective.draw!({ ...context, onHost: true }).negatives];
    expect(here.shape).toEqual(there.shape);
    expect(here.dataSync()).toEqual(there.dataSync());
    expect(knownHostValues(here)).toEqual(there.dataSync());
    tf.dispose([there, here]);
  },
);

it('full softmax is the cross-entropy over all items', () => {
  const { rows, targets } = scores([0, 1, 2], 0.1);
  const expected = rows.map((row, t) => logSumExp(row.slice(1)) - row[targets[t]]);
  const mean = expected.reduce((sum, value) => sum + value, 0) / expected.length;
  expect(lossOf(createObjective({ kind: 'full-softmax', temperature: 0.1 }, examples))).toBeCloseTo(mean, 4);
});

it('a random cut: the loss is that of the shorter history, the position of the newest event included', () => {
  const model = createModel(tinyConfigs.pinnerformer, { numItems: 20, seed: 1 });
  const labels = { kind: 'next-action', cut: 'random' } as const;
  const isShort = (e: number): boolean => {
    const host = makeBatch(examples, [e]);
    return samplePairs(host, labels, run).rows[0] < host.itemIds.length - 1;
  };
  const example = [3, 4, 5, 6, 7].find(isShort) as number;
  const host = makeBatch(examples, [example]);
  const { rows, positives } = samplePairs(host, labels, run);
  const { batch: short } = cutBatch(host, rows);
  const shortened = uploadBatch(short);
  const expected = tf.tidy(() => {
    const scores = tf.matMul(model.encode(shortened, run), tf.slice(model.itemVectors(), [1, 0]), false, true);
    const last = tf.div(tf.slice(scores, [rows[0], 0], [1, -1]), 0.1).dataSync();
    return logSumExp([...last]) - last[positives[0] - 1];
  });
  const objective = createObjective({ kind: 'full-softmax', labels, temperature: 0.1 }, examples);
  expect(lossOf(objective, [example], model)).toBeCloseTo(expected, 4);
  shortened.dispose();
});

describe('pool softmax', () => {
  const config = {
    negatives: { kind: 'mixed', inBatch: 50, random: 30 },
    logQ: 'exact',
    labels: { kind: 'next-item' },
    weighting: 'token',
    temperature: 0.1,
  } as const;

  it('does not change when all log Q rise by a constant, and with a uniform Q is the uncorrected loss', () => {
    const plain = lossOf(poolSoftmaxObjective(config));
    const uniform = (factor: number) => ({ share: () => factor / 20 });
    expect(lossOf(poolSoftmaxObjective(config, uniform(1)))).toBeCloseTo(plain, 4);
    expect(lossOf(poolSoftmaxObjective(config, uniform(9)))).toBeCloseTo(plain, 4);
    const skewed = { share: (item: number) => item / 210 };
    expect(Math.abs(lossOf(poolSoftmaxObjective(config, skewed)) - plain)).toBeGreaterThan(1e-3);
  });

  it('never takes an own positive as a negative: a lone user has no in-batch negatives, so nothing to lose', () => {
    const inBatch = { ...config, negatives: { kind: 'in-batch', inBatch: 50 } } as const;
    expect(lossOf(poolSoftmaxObjective(inBatch), [0])).toBeCloseTo(0, 6);
    expect(lossOf(poolSoftmaxObjective(inBatch), [0, 1])).toBeGreaterThan(0.1);
  });

  it('is the softmax against the labels of other users, item by item', () => {
    const indices = [0, 3];
    const inBatch = { ...config, negatives: { kind: 'in-batch', inBatch: 50 } } as const;
    const { rows, targets } = scores(indices, 0.1);
    const { offsets } = makeBatch(examples, indices);
    const ownOf = (t: number): Set<number> =>
      new Set(t < offsets[1] ? targets.slice(0, offsets[1]) : targets.slice(offsets[1]));
    const losses = rows.map((row, t) => {
      const others = targets.filter((item) => !ownOf(t).has(item)).map((item) => row[item]);
      return logSumExp([row[targets[t]], ...others]) - row[targets[t]];
    });
    const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    expect(lossOf(poolSoftmaxObjective(inBatch), indices)).toBeCloseTo(mean, 4);
  });

  it('per-user weighting: a user twice in the batch changes nothing', () => {
    const weighted = { kind: 'full-softmax', weighting: 'user' } as const;
    const once = lossOf(createObjective(weighted, examples), [0, 1]);
    expect(lossOf(createObjective(weighted, examples), [0, 0, 1])).toBeCloseTo(once, 5);
    const token = { kind: 'full-softmax' } as const;
    const [a, b] = [
      [0, 1],
      [0, 0, 1],
    ].map((indices) => lossOf(createObjective(token, examples), indices));
    expect(Math.abs(a - b)).toBeGreaterThan(1e-4);
  });
});

it('BCE: one positive, negatives that are no labels of the user', () => {
  const { rows, targets } = scores([0], 0.1);
  const softplus = (x: number): number => Math.log1p(Math.exp(x));
  const positive = rows.reduce((sum, row, t) => sum + softplus(-row[targets[t]]), 0) / rows.length;
  const most = rows.reduce((sum, row) => sum + softplus(Math.max(...row.slice(1))), 0) / rows.length;
  const loss = lossOf(createObjective({ kind: 'bce', numNegatives: 3, temperature: 0.1 }, examples), [0]);
  expect(loss).toBeGreaterThan(positive);
  expect(loss).toBeLessThan(positive + most);
});

it.each<[string, ObjectiveConfigInput]>([
  ['pool', { kind: 'pool-softmax' }],
  ['full', { kind: 'full-softmax' }],
  ['bce', { kind: 'bce' }],
  ['sampled', { labels: { kind: 'dense-all-action', windowDays: 1e-9 } }],
])('%s: a batch without labels has loss 0 and gradients of zero', (_, config) => {
  const model = sasrec();
  const objective = createObjective({ ...config, labels: { kind: 'dense-all-action', windowDays: 1e-9 } }, examples);
  const batch = uploadBatch(makeBatch(examples, [0]));
  const drawn = objective.draw?.({ batch: batch.host, numItems: 20, run }) ?? {};
  const { value, grads } = tf.variableGrads(
    () => meanLoss(objective.loss({ model, batch, drawn, run })),
    [...model.variables().values()],
  );
  expect(value.dataSync()[0]).toBeCloseTo(0, 12);
  for (const gradient of Object.values(grads)) expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBe(0);
  tf.dispose([value, grads]);
  batch.dispose();
});

it.each<[string, ObjectiveConfigInput]>([
  ['sampled softmax', { numNegatives: 5, labels: { kind: 'dense-all-action' }, weighting: 'user' }],
  ['pool softmax', { kind: 'pool-softmax', negatives: { kind: 'mixed', inBatch: 9, random: 7 } }],
  ['bce', { kind: 'bce', numNegatives: 3 }],
])('%s: row-wise training has the loss of dense training', async (_, config) => {
  const request = {
    model: createModel(tinyConfigs.pinnerformer, { numItems: 20, seed: 1 }),
    objective: createObjective(config, examples),
    batch: makeBatch(examples, [2, 5, 7]),
    run: { training: true, step: 3, seed: 4 },
  };
  const dense = await denseGradients(request);
  const rowwise = await rowwiseGradients(request);
  expect(rowwise.loss.dataSync()[0]).toBeCloseTo(dense.loss.dataSync()[0], 5);
  expect(dense.loss.dataSync()[0]).toBeGreaterThan(0.01);
});
