import { useBackend } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { actionOf } from '../layers/actions.ts';
import { knownModel, onCircle } from '../test-support/known-model.ts';
import { tinyTrain } from '../test-support/tiny.ts';
import { withActions } from './actions.ts';
import { createObjective } from './create.ts';
import { cutBatch } from './cuts.ts';
import { meanLoss, type Objective } from './objective.ts';
import { flatSettings } from './pairs.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const examples = tinyTrain();
const run = { training: true, step: 3, seed: 1 };

describe('withActions', () => {
  const logit = (item: number, action: number): number => Math.sin(2 + item * (action + 1));
  const model = knownModel(
    Array.from({ length: 21 }, (_, item) => onCircle(item)),
    () => [],
    {
      encodeWithActions: ({ host }) => ({
        encoded: tf.fill([host.itemIds.length, 2], 0.25),
        actionLogits: tf.tensor2d(
          Array.from(host.itemIds, (item) => Array.from({ length: 10 }, (_, a) => logit(item, a))),
        ),
      }),
    },
  );
  /** Answers with the sum of what the model's `encode` gives: that of the same pass, 0.25 everywhere. */
  const itemLoss: Objective = {
    name: 'items',
    settings: { numNegatives: 3 },
    draw: () => ({ drawn: tf.zeros([1], 'int32') }),
    loss: ({ model: inner, batch, run: at }) => ({
      sum: tf.mul(tf.sum(inner.encode(batch, at)), batch.numTokens),
      weight: batch.numTokens,
    }),
  };

  it.each([0.3, 1])('is (1 - w) items + w cross-entropy of the actions: w = %d', (weight) => {
    const host = makeBatch(examples, [0, 1, 2]);
    const batch = uploadBatch(host);
    const losses = Array.from(host.itemIds, (item, t) => {
      const logits = Array.from({ length: 10 }, (_, a) => logit(item, a));
      const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
      return Math.log(total) - logits[actionOf(host.ratings![t]) - 1];
    });
    const actions = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const items = 2 * 0.25 * host.itemIds.length;
    const loss = tf.tidy(
      () => meanLoss(withActions(itemLoss, weight).loss({ model, batch, drawn: {}, run })).dataSync()[0],
    );
    expect(loss).toBeCloseTo((1 - weight) * items + weight * actions, 4);
    batch.dispose();
  });

  /** The mean loss of three sequences in parts that end at `bounds`. */
  function lossOf(objective: Objective, whole: SequenceBatch, bounds: readonly number[]): number {
    const parts = bounds.map((end, p) => {
      const first = bounds[p - 1] ?? 0;
      const [from, to] = [whole.offsets[first], whole.offsets[end]];
      const host = makeBatch(examples, [0, 1, 2].slice(first, end));
      const batch = uploadBatch({ ...host, ratings: whole.ratings!.slice(from, to) });
      const part = { whole, firstSequence: first, firstToken: from };
      let weight = 0;
      const sum = tf.tidy(() => {
        const loss = objective.loss({ model, batch, part, drawn: {}, run });
        weight = loss.weight;
        return loss.sum.dataSync()[0];
      });
      batch.dispose();
      return { sum, weight };
    });
    const total = (of: 'sum' | 'weight'): number => parts.reduce((sum, part) => sum + part[of], 0);
    expect(total('weight')).toBe(objective.weightOf!(whole, run));
    return total('sum') / total('weight');
  }

  it.each([[[3]], [[1, 3]]])('counts the ratings that are known: parts to %j', (parts) => {
    const whole = makeBatch(examples, [0, 1, 2]);
    const known = { ...whole, ratings: whole.ratings!.map((rating, t) => (t % 3 === 0 ? Number.NaN : rating)) };
    const losses = Array.from(known.itemIds, (item, t) => {
      const logits = Array.from({ length: 10 }, (_, a) => logit(item, a));
      const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
      return t % 3 === 0 ? Number.NaN : Math.log(total) - logits[actionOf(known.ratings[t]) - 1];
    }).filter((loss) => !Number.isNaN(loss));
    const actions = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const each: Objective = {
      ...itemLoss,
      loss: ({ batch }) => ({ sum: tf.scalar(batch.numTokens), weight: batch.numTokens }),
    };
    expect(lossOf(withActions(each, 1), known, parts)).toBeCloseTo(actions, 5);
    expect(lossOf(withActions(each, 0.3), known, parts)).toBeCloseTo(0.7 + 0.3 * actions, 5);
    // Nothing is asked of the items: what is known of the actions is taught all the same.
    const silent: Objective = { ...each, loss: () => ({ sum: tf.scalar(0), weight: 0 }), weightOf: () => 0 };
    expect(lossOf(withActions(silent, 0.3), known, parts)).toBeCloseTo(0.3 * actions, 5);
  });

  it('says its name and weight, and draws only where items are scored', () => {
    const both = withActions(itemLoss, 0.3);
    expect(both).toMatchObject({ name: 'items+actions', settings: { numNegatives: 3, actionWeight: 0.3 } });
    const context = { batch: makeBatch(examples, [0]), numItems: 20, run };
    const drawn = both.draw!(context);
    expect(Object.keys(drawn)).toEqual(['drawn']);
    tf.dispose(drawn);
    const alone = withActions(itemLoss, 1);
    expect(alone).toMatchObject({ name: 'actions', settings: { actionWeight: 1 } });
    expect(alone.draw!(context)).toEqual({});
    // Items are not scored at all, not even to be multiplied by 0.
    const unscored = { ...itemLoss, loss: () => expect.unreachable('items are not scored') };
    const batch = uploadBatch(context.batch);
    tf.tidy(() => meanLoss(withActions(unscored, 1).loss({ model, batch, drawn: {}, run })).dataSync());
    expect(() => tf.tidy(() => meanLoss(withActions(unscored, 0.5).loss({ model, batch, drawn: {}, run })))).toThrow();
    batch.dispose();
    const { draw: _, ...dense } = itemLoss;
    expect(Object.keys(withActions(dense, 0.3))).not.toContain('draw');
  });

  it('has no labels without ratings, in training or not', () => {
    const { ratings: _, ...bare } = makeBatch(examples, [0]);
    const batch = uploadBatch(bare);
    for (const training of [true, false]) {
      expect(() =>
        tf.tidy(() => meanLoss(withActions(itemLoss, 1).loss({ model, batch, drawn: {}, run: { ...run, training } }))),
      ).toThrow('model config: actions: expected data with ratings; got data without');
    }
    batch.dispose();
  });

  it.each([0, -0.1, 1.1, Number.NaN])('refuses a weight of %d', (weight) => {
    expect(() => withActions(itemLoss, weight)).toThrow(
      `objective: actionWeight: expected a number above 0, at most 1; got ${weight}`,
    );
  });
});

describe('cutBatch', () => {
  it('cuts each sequence behind its event, an empty one not at all, and keeps what there is', () => {
    const host: SequenceBatch = {
      users: Int32Array.of(1, 2, 3),
      offsets: Int32Array.of(0, 3, 3, 5),
      itemIds: Int32Array.of(1, 2, 3, 4, 5),
      timestamps: Float64Array.of(10, 20, 30, 40, 50),
      targets: Int32Array.of(2, 3, 4, 5, 6),
      targetTimestamps: Float64Array.of(20, 30, 40, 50, 60),
    };
    const { batch, shifts } = cutBatch(host, Int32Array.of(1, 3, 3));
    expect([...batch.offsets]).toEqual([0, 2, 2, 3]);
    expect([...batch.itemIds]).toEqual([1, 2, 4]);
    expect([...batch.targetTimestamps]).toEqual([20, 30, 50]);
    expect([...shifts]).toEqual([0, 1, 1]);
    expect(Object.keys(batch)).not.toContain('ratings');
    const rated = { ...host, ratings: Float32Array.of(1, 2, 3, 4, 5), targetRatings: Float32Array.of(5, 4, 3, 2, 1) };
    const cut = cutBatch(rated, Int32Array.of(1, 3, 3)).batch;
    expect([[...cut.ratings!], [...cut.targetRatings!]]).toEqual([
      [1, 2, 4],
      [5, 4, 2],
    ]);
  });
});

describe('settings', () => {
  it('are one flat record, without what is not set', () => {
    expect(flatSettings({ a: 1, b: { c: 'x', d: { e: true } }, f: undefined })).toEqual({
      a: 1,
      'b.c': 'x',
      'b.d.e': true,
    });
  });

  it.each([
    [{ kind: 'full-softmax' }, 'full-softmax'],
    [{ kind: 'bce' }, 'bce'],
    [{ kind: 'gbce' }, 'gbce'],
    [{ kind: 'sce' }, 'sce'],
    [{ kind: 'pool-softmax' }, 'pool-softmax'],
    [{}, 'sampled-softmax'],
    [{ actionWeight: 0.5 }, 'sampled-softmax+actions'],
  ] as const)('%j is the objective %s', (config, name) => {
    const objective = createObjective(config, examples);
    expect(objective.name).toBe(name);
    expect(Object.keys(objective.settings)).not.toContain('kind');
    expect(objective.settings.temperature).toBe(0.05);
  });

  it('a label kind and a window are part of them', () => {
    expect(
      createObjective({ kind: 'bce', labels: { kind: 'all-action', windowDays: 7 } }, examples).settings,
    ).toMatchObject({ 'labels.kind': 'all-action', 'labels.windowDays': 7, weighting: 'token' });
  });
});
