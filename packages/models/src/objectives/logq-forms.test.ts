import { useBackend } from '@seqrec/core';
import { makeBatch, sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { learnByHeart } from '../test-support/overfit.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import type { PoolSoftmaxConfig } from './config.ts';
import { createObjective } from './create.ts';
import { exactFrequencies } from './frequencies.ts';
import { correctedLogQSoftmax } from './functions/logq.ts';
import { correctedPoolLoss, poolShares } from './logq-forms.ts';
import { poolSoftmaxObjective } from './pool-softmax.ts';
import { parseObjectiveConfig } from './registry.ts';

type Form = NonNullable<PoolSoftmaxConfig['logQForm']>;
const forms = ['both', 'negatives', 'corrected'] as const;
const { kind: _, actionWeight: __, ...defaults } = parseObjectiveConfig({ kind: 'pool-softmax' }) as PoolSoftmaxConfig;

beforeAll(async () => {
  await useBackend('cpu');
});

// Item 1 is the label, and often drawn; scores are numbers of their own.
const scores = [1.2, -0.4, 0.3, 0.9];
const shares = [0.4, 0.1, 0.3, 0.2];
const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
/** Gradient of the softmax over all items. */
const full = scores.map((score, i) => Math.exp(score) / total - (i === 0 ? 1 : 0));
const away = (gradient: readonly number[]): number => Math.max(...gradient.map((x, i) => Math.abs(x - full[i])));
/** All lists of `n` of some numbers. */
const listsOf = (values: readonly number[], n: number): number[][] =>
  n === 0 ? [[]] : listsOf(values, n - 1).flatMap((list) => values.map((value) => [...list, value]));

/** The gradient of the scores where the labels of the other users of the batch are `others`. */
function gradientOf(form: Form | undefined, others: readonly number[]): number[] {
  const items = tf.variable(tf.tensor2d([0, ...scores], [5, 1]));
  const n = others.length;
  const objective = poolSoftmaxObjective(
    { ...defaults, temperature: 1, negatives: { kind: 'in-batch', inBatch: 2 ** 20 }, ...(form && { logQForm: form }) },
    form && { share: (item) => shares[item - 1] },
  );
  const targets = Int32Array.of(1, ...others);
  const offsets = Int32Array.from({ length: n + 2 }, (_value, b) => b);
  const batch = uploadBatch(sequenceBatch({ offsets, itemIds: targets, targets, timestamps: new Float64Array(n + 1) }));
  // The queries of the others are zero, so that the gradient is that of the first.
  const model = {
    numItems: 4,
    encode: () => tf.tensor2d([1, ...others.map(() => 0)], [n + 1, 1]),
    itemVectors: () => items,
  } as unknown as TokenEncoder;
  const gradient = tf.tidy(() => {
    const context = { model, batch, drawn: { negatives: tf.tensor1d([], 'int32') } };
    const loss = () => objective.loss({ ...context, run: { training: true, step: 0, seed: 0 } }).sum;
    return tf.variableGrads(loss, [items]).grads[items.name].dataSync();
  });
  batch.dispose();
  items.dispose();
  return [...gradient.slice(1)];
}

describe('against the softmax over all items', () => {
  it('the corrected form has a bias of order 1 / n, by enumeration of all draws', () => {
    const left = 1 - shares[0];
    const bias = (n: number): number => {
      const draws = listsOf([1, 2, 3], n);
      const chances = draws.map((draw) => draw.reduce((product, i) => product * (shares[i] / left), 1));
      const gradient = tf.tidy(() => {
        const variable = tf.variable(tf.tensor1d(scores));
        const logQ = tf.tensor2d(draws.map((draw) => draw.map((i) => Math.log(shares[i] / left))));
        const loss = () => {
          const negative = tf.gather(variable as tf.Tensor, tf.tensor2d(draws, undefined, 'int32')) as tf.Tensor2D;
          const positive = tf.mul(tf.ones([draws.length]), tf.gather(variable, 0)) as tf.Tensor1D;
          return tf.sum(tf.mul(correctedLogQSoftmax({ positive, negative }, logQ), tf.tensor1d(chances))) as tf.Scalar;
        };
        return [...tf.variableGrads(loss, [variable]).grads[variable.name].dataSync()];
      });
      return away(gradient);
    };
    for (const n of [1, 2, 3, 6]) expect(n * bias(n), `n ${n}`).toBeCloseTo(0.09, 2);
  });

  it('so has the objective, where all that other users may have as labels is enumerated', () => {
    const bias = (form: Form | undefined, n: number): number => {
      const sums = [0, 0, 0, 0];
      for (const others of listsOf([1, 2, 3, 4], n)) {
        const chance = others.reduce((product, item) => product * shares[item - 1], 1);
        for (const [i, x] of gradientOf(form, others).entries()) sums[i] += chance * x;
      }
      return away(sums);
    };
    expect(bias('corrected', 2)).toBeLessThan(0.5 * bias('corrected', 1));
    for (const n of [1, 2]) {
      expect(bias('corrected', n)).toBeLessThan(bias('negatives', n));
      expect(bias('negatives', n)).toBeLessThan(bias(undefined, n));
    }
  });

  it('large pools leave a bias where nothing is corrected, and where the label is as well', () => {
    const others = shares.flatMap((share, i) => new Array<number>(share * 400).fill(i + 1));
    expect(away(gradientOf('corrected', others))).toBeLessThan(1e-3);
    expect(away(gradientOf('negatives', others))).toBeLessThan(1e-3);
    expect(away(gradientOf('both', others))).toBeGreaterThan(0.2);
    expect(away(gradientOf(undefined, others))).toBeGreaterThan(0.2);
  });
});

describe('pools', () => {
  const examples = tinyTrain();
  const run = { training: true, step: 3, seed: 2 };

  /** Loss and gradient of the item table. */
  function measured(
    negatives: PoolSoftmaxConfig['negatives'],
    logQForm: Form | undefined,
    drawn: readonly number[],
  ): Float32Array {
    const model = createModel(tinyConfigs.sasrec, { numItems: 20, seed: 1 });
    const batch = uploadBatch(makeBatch(examples, [0, 1, 2, 3, 4, 5]));
    const frequencies = logQForm && exactFrequencies(examples);
    const objective = poolSoftmaxObjective({ ...defaults, negatives, ...(logQForm && { logQForm }) }, frequencies);
    const values = tf.tidy(() => {
      const context = { model, batch, drawn: { negatives: tf.tensor1d([...drawn], 'int32') }, run };
      const { value, grads } = tf.variableGrads(() => objective.loss(context).sum, [model.itemTable()]);
      return tf.concat([tf.reshape(value, [1]), tf.reshape(grads[model.itemTable().name], [-1])]).dataSync();
    });
    batch.dispose();
    model.dispose();
    return values as Float32Array;
  }
  const drawn = [3, 3, 9, 14, 20, 1];

  it.each([undefined, ...forms])('mixed of labels alone is in-batch, of draws alone random (%s)', (form) => {
    const inBatch = measured({ kind: 'in-batch', inBatch: 7 }, form, []);
    expect(measured({ kind: 'mixed', inBatch: 7, random: 6 }, form, [])).toEqual(inBatch);
    const random = measured({ kind: 'random', random: 6 }, form, drawn);
    expect(measured({ kind: 'mixed', inBatch: 0, random: 6 }, form, drawn)).toEqual(random);
    const mixed = measured({ kind: 'mixed', inBatch: 7, random: 6 }, form, drawn);
    for (const other of [inBatch, random]) expect(mixed).not.toEqual(other);
  });

  it('both is the default, and nothing to uniform draws', () => {
    const config = { kind: 'random', random: 6 } as const;
    const [none, both] = [undefined, 'both' as const].map((form) => measured(config, form, drawn));
    for (const [i, x] of none.entries()) expect(Math.abs(both[i] - x)).toBeLessThan(1e-4);
    const explicit = createObjective({ kind: 'pool-softmax', logQForm: 'both' }, examples);
    const { logQForm, ...settings } = explicit.settings;
    expect(logQForm).toBe('both');
    // Left out, it is not in checkpoints, so that those of before it resume.
    expect(settings).toEqual(createObjective({ kind: 'pool-softmax' }, examples).settings);
  });

  it('a pair without a negative that counts has neither loss nor gradient', () => {
    const shares = poolShares(Int32Array.of(2, 2), [new Set([2, 3])], () => Math.log(0.5));
    expect(shares).toEqual({ size: 2, counted: Float32Array.of(0), left: Float32Array.of(0.5) });
    const [loss, slope] = tf.tidy(() => {
      const of = (label: tf.Tensor) =>
        correctedPoolLoss(label as tf.Tensor1D, tf.tensor1d([-1e9]), shares, Int32Array.of(0));
      const label = tf.tensor1d([0.3]);
      return [
        of(label).dataSync()[0],
        tf
          .grad((x) => tf.sum(of(x)))(label)
          .dataSync()[0],
      ];
    });
    expect([Math.abs(loss), Math.abs(slope)]).toEqual([0, 0]);
  });

  it('a label that a sketch counts for more than all still has a proposal without it', () => {
    expect(poolShares(Int32Array.of(1, 2), [new Set([2])], () => Math.log(3)).left[0]).toBeGreaterThan(0);
  });

  it('has no form without a correction', () => {
    expect(() => parseObjectiveConfig({ kind: 'pool-softmax', logQ: 'none', logQForm: 'both' })).toThrow(
      "objective: logQForm: expected it only with a correction; set logQ to 'exact' or 'sketch', or leave it out",
    );
  });

  it.each(['negatives', 'corrected'] as const)('learns 32 sequences by heart: %s', async (logQForm) => {
    await useBackend('auto');
    const negatives = { kind: 'mixed', inBatch: 64, random: 64 } as const;
    const { hits } = await learnByHeart('sasrec', { kind: 'pool-softmax', negatives, logQForm }, 3);
    expect(hits).toBeGreaterThanOrEqual(0.95);
  });
});
