import { normals, streamKey, useBackend } from '@seqrec/core';
import { interactionsFromArrays, makeBatch, pointExamples } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import type { Branches, Ranker } from '../model.ts';
import type { WeightedLoss } from '../objectives/objective.ts';
import { createModel } from '../registry.ts';
import { onlyPart } from '../tasks/part.ts';
import { labelLoss } from '../tasks/ranking/label-rows.ts';
import { rankingTask } from '../tasks/ranking/task.ts';
import { taughtByFused, triLoss } from './branch-losses.ts';

const ROWS = 5;
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const softplus = (z: number): number => Math.log1p(Math.exp(z));

beforeAll(async () => {
  await useBackend('cpu');
});

/** Mean cross-entropy in float64, over rows with a target. */
function plainMean(logits: readonly number[], targets: readonly number[]): number {
  const each = logits.flatMap((z, b) => (Number.isNaN(targets[b]) ? [] : [softplus(z) - targets[b] * z]));
  return each.reduce((sum, x) => sum + x, 0) / each.length;
}

type Plain = (fused: number[], branches: number[][], labels: number[]) => number;

/** Tri-BCE with weights that are given, or computed. */
const plainTri =
  (fixed?: readonly number[]): Plain =>
  (fused, branches, labels) => {
    const own = branches.map((branch) => plainMean(branch, labels));
    const all = plainMean(fused, labels);
    return own.reduce((sum, loss, k) => sum + (fixed?.[k] ?? Math.max(0, loss - all)) * loss, all);
  };

/** With the probabilities that teach given, or computed. */
const plainTaught =
  (teacher?: readonly number[]): Plain =>
  (fused, branches, labels) => {
    const taught = (teacher ?? fused.map(sigmoid)).map((p, b) => (Number.isNaN(labels[b]) ? Number.NaN : p));
    return branches.reduce((sum, branch) => sum + plainMean(branch, taught), plainMean(fused, labels));
  };

const draw = (name: string): number[] => [...normals(streamKey(1, name), 0, ROWS)].map((x) => Math.fround(2 * x));
const fused = draw('fused').map((z) => Math.fround(z / 8));
const complete = [1, 0, 1, 0, 1];
const [better, worse] = [1, -1].map((sign) => complete.map((y, b) => sign * (2 * y - 1) * (1 + b / 4)));
const branches = [draw('one'), better, worse];
const missing = [1, Number.NaN, 1, 0, Number.NaN];
const weights = (labels: number[]): number[] =>
  branches.map((branch) => Math.max(0, plainMean(branch, labels) - plainMean(fused, labels)));

it('has a branch here that is worse than all together, and one that is better', () => {
  for (const labels of [complete, missing]) {
    expect(Math.max(...weights(labels))).toBeGreaterThan(0);
    expect(Math.min(...weights(labels))).toBe(0);
  }
});

describe.each<[string, Branches['loss'], Plain, (labels: number[]) => Plain]>([
  ['Tri-BCE', triLoss(false), plainTri(), () => plainTri()],
  ['Tri-BCE, detached', triLoss(true), plainTri(), (labels) => plainTri(weights(labels))],
  ['taught by the fused', taughtByFused, plainTaught(), () => plainTaught(fused.map(sigmoid))],
])('%s', (_, loss, plain, heldFixed) => {
  it.each([
    ['all labels', complete],
    ['labels missing', missing],
  ])('has the value and the gradients of its formula, %s', (_, labels) => {
    const inputs = [fused, ...branches];
    const expected = plain(fused, branches, labels);
    const { value, grads } = tf.valueAndGrads((...of: tf.Tensor[]) => {
      const [first, ...others] = of as tf.Tensor1D[];
      return loss(first, others, labelLoss(Float32Array.from(labels), 'binary'));
    })(inputs.map((z) => tf.tensor1d(z)));
    expect(value.arraySync()).toBeCloseTo(expected, 5);
    // What is a constant in the loss is one here too.
    const held = heldFixed(labels);
    for (const [k, own] of inputs.entries()) {
      const slopes = grads[k].dataSync();
      for (const b of own.keys()) {
        const [up, down] = [1e-5, -1e-5].map((step) => {
          const changed = inputs.map((z) => [...z]);
          changed[k][b] += step;
          return held(changed[0], changed.slice(1), labels);
        });
        expect(slopes[b], `${k} ${b}`).toBeCloseTo((up - down) / 2e-5, 5);
      }
    }
  });
});

it('a branch is taught numbers as they are under the squared loss', () => {
  const label = labelLoss(Float32Array.of(1, 2), 'squared');
  const loss = taughtByFused(tf.tensor1d([2, 2]), [tf.tensor1d([0, 5])], label);
  // Against the labels (1 + 0) / 2, against the fused (4 + 9) / 2.
  expect(loss.arraySync()).toBe(7);
});

describe('the task of ranking', () => {
  const rows = 12;
  const set = pointExamples(
    interactionsFromArrays({
      name: 'two labels',
      users: Array.from({ length: rows }, (_, e) => e % 4),
      items: Array.from({ length: rows }, (_, e) => 1 + (e % 3)),
      timestamps: Array.from({ length: rows }, (_, e) => e),
      columns: {
        clicked: { kind: 'number', values: Array.from({ length: rows }, (_, e) => e % 2) },
        bought: {
          kind: 'number',
          values: Array.from({ length: rows }, (_, e) => (e % 3 === 0 ? Number.NaN : +(e > 5))),
        },
      },
      labels: ['clicked', 'bought'],
    }),
  );
  const run = { training: true, step: 0, seed: 0 };

  it.each(['fcn', 'finalnet'])('gives the branches of %s the loss that it brings, label by label', (kind) => {
    const labels = ['clicked', 'bought'];
    const config = { kind, embeddingDim: 4, embeddingStd: 0.7 };
    const model = createModel(config, { numUsers: 4, numItems: 3, labels: 2, seed: 2 }) as Ranker;
    const task = rankingTask({ loss: 'binary', lossWeights: [1, 0.5] }, labels);
    const host = makeBatch(set, [...set.targets.keys()], { ...model.columns, targets: labels });
    const batch = uploadBatch(host);
    const { sum, weight } = tf.tidy(
      () => task.loss({ model, batch, part: onlyPart(host), drawn: {}, run }) as never,
    ) as WeightedLoss;
    const { logits, branches: own } = tf.tidy(() => model.branches!.logits(batch, run) as never) as unknown as {
      logits: tf.Tensor2D;
      branches: tf.Tensor2D[];
    };
    expect(logits.arraySync()).toEqual(tf.tidy(() => model.logits(batch, run).arraySync()));
    const column = (of: tf.Tensor2D, l: number): number[] => (of.arraySync() as number[][]).map((each) => each[l]);
    const plain = kind === 'fcn' ? plainTri() : plainTaught();
    const expected = labels.map((name, l) => {
      const values = host.columns?.targets?.get(name)?.values as Float32Array;
      return plain(
        column(logits, l),
        own.map((branch) => column(branch, l)),
        [...values],
      );
    });
    expect((sum.arraySync() as number) / weight).toBeCloseTo(expected[0] + 0.5 * expected[1], 5);
    tf.dispose([sum, logits, own]);
    batch.dispose();
    model.dispose();
  });
});
