import { useBackend } from '@seqrec/core';
import {
  type ExampleSet,
  interactionsFromArrays,
  latestWindow,
  makeBatch,
  takeExamples,
  trainTest,
} from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { HstuConfigInput } from '../encoders/hstu/config.ts';
import { uploadBatch } from '../inputs.ts';
import { actionOf } from '../layers/actions.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel } from '../registry.ts';
import { expectNothingStays } from '../test-support/throwing-model.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { createTrainer } from '../train/trainer.ts';
import { evaluateActions, withTargets } from './actions.ts';
import { categoricalNormalizedEntropy } from './class-entropy.ts';
import { areaUnderCurve } from './ranking/area.ts';
import { normalizedEntropy } from './ranking/log-loss.ts';
import { clickRows } from './ranking/rows.ts';

beforeAll(async () => {
  await useBackend('auto');
});

const interleaved: HstuConfigInput = { ...(tinyConfigs.hstu as HstuConfigInput), actions: 'interleave' };
const scored = fc.array(fc.record({ score: fc.constantFrom(0.1, 0.2, 0.35, 0.5, 0.9), label: fc.constantFrom(0, 1) }), {
  minLength: 2,
  maxLength: 12,
});

describe('ranking metrics', () => {
  it('are what the definition says, ties and all', () => {
    fc.assert(
      fc.property(
        scored.filter((events) => new Set(events.map(({ label }) => label)).size === 2),
        (events) => {
          const [scores, labels] = [events.map(({ score }) => score), events.map(({ label }) => label)];
          const wins = scores.flatMap((p, i) =>
            labels[i] === 1 ? scores.filter((_, j) => labels[j] === 0).map((n) => (p > n ? 1 : p === n ? 0.5 : 0)) : [],
          );
          const rows = clickRows({ probabilities: scores, labels });
          const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
          expect(areaUnderCurve(rows)).toBeCloseTo(mean(wins), 12);
          const b = mean(labels);
          const loss = mean(scores.map((p, i) => -Math.log(labels[i] === 1 ? p : 1 - p)));
          const entropy = -(b * Math.log(b) + (1 - b) * Math.log(1 - b));
          expect(normalizedEntropy(rows)).toBeCloseTo(loss / entropy, 10);
          const constant = clickRows({ probabilities: labels.map(() => b), labels });
          expect(normalizedEntropy(constant)).toBeCloseTo(1, 12);
          const both = scores.flatMap((p) => [1 - p, p]);
          expect(categoricalNormalizedEntropy(both, labels, 2)).toBeCloseTo(loss / entropy, 10);
        },
      ),
    );
  });

  it('need two classes', () => {
    expect(() => categoricalNormalizedEntropy([0.5, 0.5], [1], 2)).toThrow('expected events of at least two classes');
  });
});

describe('evaluateActions', () => {
  const examples = tinyTrain();

  it('puts the target at the end, and never reads its action', () => {
    const model = createModel(interleaved, { numItems: 20, seed: 1 });
    const batch = makeBatch(examples, [0, 1, 2]);
    const longer = withTargets(batch);
    expect(longer.offsets).toEqual(batch.offsets.map((offset, b) => offset + b));
    for (let b = 0; b < 3; b++) {
      const [end, last] = [longer.offsets[b + 1] - 1, batch.offsets[b + 1] - 1];
      expect(longer.itemIds[end]).toBe(batch.targets[last]);
      expect(longer.timestamps[end]).toBe(batch.targetTimestamps[last]);
      expect(longer.ratings![end]).toBe(batch.targetRatings![last]);
      expect(longer.itemIds.subarray(longer.offsets[b], end)).toEqual(
        batch.itemIds.subarray(batch.offsets[b], last + 1),
      );
    }
    const changed = { ...longer, ratings: longer.ratings!.slice() };
    for (let b = 0; b < 3; b++) changed.ratings[longer.offsets[b + 1] - 1] = 0.5;
    const logits = (host: typeof longer): Float32Array =>
      tf.tidy(() => {
        const uploaded = uploadBatch(host);
        return model.encodeWithActions!(uploaded, {
          training: false,
          step: 0,
          seed: 0,
        }).actionLogits.dataSync() as Float32Array;
      });
    expect(logits(changed)).toEqual(logits(longer));
    // An earlier action is read.
    changed.ratings[0] = longer.ratings![0] === 1 ? 5 : 1;
    expect(logits(changed)).not.toEqual(logits(longer));
  });

  it('refuses a bound and ratings that share their id with others', async () => {
    const model = createModel(interleaved, { numItems: 20, seed: 1 });
    for (const positiveRating of [3.7, 0, 5.5, 7])
      await expect(evaluateActions({ model, examples, positiveRating })).rejects.toThrow(
        `actions: positiveRating: expected half stars of 0.5 to 5, which have an id; got ${positiveRating}`,
      );
    for (const other of [0, 3.25, 5.5, 10]) {
      const ratings = examples.interactions.ratings!.slice();
      ratings[3] = other;
      const rated = { ...examples, interactions: { ...examples.interactions, ratings } };
      await expect(evaluateActions({ model, examples: rated })).rejects.toThrow(
        `actions: expected ratings in half stars of 0.5 to 5, an id each; got ${other} in `,
      );
    }
  });

  it('is 1 for a head that answers with the shares', async () => {
    const model = createModel(interleaved, { numItems: 20, seed: 1 });
    const { targetRatings, offsets } = makeBatch(examples, [...examples.targets.keys()]);
    const shares = new Array(10).fill(1e-30);
    for (const end of offsets.subarray(1)) shares[actionOf(targetRatings![end - 1]) - 1]++;
    model
      .variables()
      .get('action_head.2.weight')!
      .assign(tf.zeros([10, 8]));
    model
      .variables()
      .get('action_head.2.bias')!
      .assign(tf.log(tf.tensor1d(shares)));
    const { metrics, numEvents } = await evaluateActions({ model, examples, positiveRating: 3, batchSize: 5 });
    expect(numEvents).toBe(examples.targets.length);
    expect(metrics.NE).toBeCloseTo(1, 5);
    expect(metrics['NE(rating>=3)']).toBeCloseTo(1, 5);
    expect(metrics['AUC(rating>=3)']).toBe(0.5);
  });

  it('cuts histories that leave no place for the target, and says so', async () => {
    const one = createModel({ ...interleaved, maxSequenceLength: 4, outputLength: 1 }, { numItems: 20, seed: 1 });
    const longest = Math.max(...examples.targets.map((target, e) => target - examples.starts[e]));
    expect([longest, one.longestHistory]).toEqual([4, 4]);
    const whole = await evaluateActions({ model: one, examples });
    const cut = await evaluateActions({ model: one, examples: latestWindow(examples, { maxLength: 3 }) });
    expect(whole.metrics).toEqual(cut.metrics);
    expect(whole.definition).toContain(
      'Histories: their latest 3 events, since the model has no place for a target behind more.',
    );
    expect(cut.definition).toHaveLength(3);
    one.dispose();
  });

  it('leaves out examples without a history', async () => {
    const model = createModel(interleaved, { numItems: 20, seed: 1 });
    const starts = examples.starts.map((start, e) => (e === 0 || e === 3 ? examples.targets[e] : start));
    const others = [...examples.targets.keys()].filter((e) => starts[e] < examples.targets[e]);
    const of = (column: Int32Array) => Int32Array.from(others, (e) => column[e]);
    const rest = { ...examples, users: of(examples.users), starts: of(starts), targets: of(examples.targets) };
    const [some, none] = [
      { ...examples, starts },
      { ...examples, starts: examples.targets },
    ];
    const { metrics, numEvents, definition } = await evaluateActions({ model, examples: some });
    expect({ metrics, numEvents }).toEqual({
      metrics: (await evaluateActions({ model, examples: rest })).metrics,
      numEvents: others.length,
    });
    expect(definition[1]).toBe('Left out: 2 examples without a history.');
    await expect(evaluateActions({ model, examples: none })).rejects.toThrow('actions: expected histories of at least');
    expect(() => withTargets(makeBatch(some, [1, 3]))).toThrow('in every sequence; got none in 1');
    model.dispose();
  });

  it('leaves out examples whose target has no known rating', async () => {
    const model = createModel(interleaved, { numItems: 20, seed: 1 });
    const without = (...unknown: number[]): ExampleSet => {
      const ratings = examples.interactions.ratings!.slice();
      for (const e of unknown) ratings[examples.targets[e]] = Number.NaN;
      return { ...examples, interactions: { ...examples.interactions, ratings } };
    };
    const some = without(1, 4);
    const rest = takeExamples(
      some,
      Int32Array.from(examples.targets.keys()).filter((e) => e !== 1 && e !== 4),
    );
    const { metrics, numEvents, definition } = await evaluateActions({ model, examples: some });
    expect({ metrics, numEvents }).toEqual({
      metrics: (await evaluateActions({ model, examples: rest })).metrics,
      numEvents: examples.targets.length - 2,
    });
    expect(definition[1]).toBe("Left out: 2 examples whose target's rating is not known.");
    await expect(evaluateActions({ model, examples: without(...examples.targets.keys()) })).rejects.toThrow(
      'actions: expected targets whose rating is known; got none in train',
    );
    model.dispose();
  });

  it('refuses a model without actions, and data without ratings', async () => {
    const plain = createModel(tinyConfigs.hstu, { numItems: 20, seed: 1 });
    await expect(evaluateActions({ model: plain, examples })).rejects.toThrow(
      "actions: expected a model with interleaved actions; got 'hstu' without",
    );
    const batch = makeBatch(examples, [0]);
    expect(() => withTargets({ ...batch, ratings: undefined })).toThrow('actions: expected data with ratings');
  });
});

/** Every item has a rating of its own: what is rated how can be learnt, from the item alone. */
function ratedItems(): ExampleSet {
  const events = Array.from({ length: 32 * 6 }, (_, e) => e);
  const items = events.map((e) => 1 + ((7 * e + Math.floor(e / 6)) % 12));
  const data = interactionsFromArrays({
    name: 'rated',
    users: events.map((e) => Math.floor(e / 6)),
    items,
    timestamps: events.map((e) => 1e6 + 3600 * e),
    ratings: items.map((item) => 1 + (item % 5)),
    catalogue: Array.from({ length: 12 }, (_, i) => ({ item: i + 1 })),
  });
  return latestWindow(trainTest(data).test, { maxLength: 6 });
}

describe('training with actions', () => {
  it.each([
    [1, 'dense'],
    [1, 'rowwise'],
    [0.5, 'dense'],
    [0.5, 'rowwise'],
  ] as const)('learns to rank with weight %d, %s', async (actionWeight, embeddings) => {
    const examples = ratedItems();
    const model = createModel(
      { ...interleaved, embeddingDim: 24, inputDropout: 0, linearDropout: 0 },
      { numItems: 12, seed: 1 },
    );
    const objective = createObjective({ actionWeight, numNegatives: 8 }, examples);
    const trainer = createTrainer({
      model,
      examples,
      objective,
      embeddings,
      batchSize: 32,
      learningRate: 0.02,
      seed: 2,
    });
    for (let step = 0; step < 100; step++) await trainer.step();
    const { metrics } = await evaluateActions({ model, examples });
    expect(metrics.NE).toBeLessThan(0.3);
    expect(metrics['AUC(rating>=4)']).toBeGreaterThan(0.95);
    trainer.dispose();
    model.dispose();
  });

  it('refuses a model without interleaved actions, before the first update', async () => {
    const examples = ratedItems();
    const model = createModel(tinyConfigs.sasrec, { numItems: 12, seed: 1 });
    const objective = createObjective({ actionWeight: 0.5 }, examples);
    const trainer = createTrainer({ model, examples, objective, batchSize: 32, learningRate: 0.02 });
    await expect(trainer.step()).rejects.toThrow('objective: actionWeight: expected a model with interleaved actions');
  });
});

describe('actions that cannot be', () => {
  const examples = latestWindow(tinyTrain(), { maxLength: 3 });
  const model = createModel(interleaved, { numItems: examples.interactions.numItems, seed: 3 });
  it.each([0, -1, 1.5, Number.NaN])('a batch size of %s is refused', async (batchSize) => {
    await expect(evaluateActions({ model, examples, batchSize })).rejects.toThrow(
      `actions: batchSize: expected an integer >= 1; got ${batchSize}`,
    );
  });

  it('nothing stays where the model throws', () =>
    expectNothingStays(model, (broken) => evaluateActions({ model: broken, examples })));
});
