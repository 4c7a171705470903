import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { EvaluationError } from '../errors.ts';
import type { EncoderBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { evaluateFuture } from './future.ts';
import { futureQueries } from './future-queries.ts';

const DAY = 86_400;
const T = 1_700_006_400;

beforeAll(async () => {
  await useBackend('auto');
});

/** Every query likes item 1 best, then item 2 and so on. Keeps the batches that it is given. */
function inOrder(numItems: number, maxSequenceLength = 3) {
  const seen: SequenceBatch[] = [];
  const rows = Array.from({ length: numItems + 1 }, (_, item) => {
    const cosine = 1 - item / (numItems + 1);
    return [cosine, Math.sqrt(1 - cosine * cosine)];
  });
  const model: TokenEncoder = {
    kind: 'in-order',
    config: { kind: 'in-order' },
    numItems,
    maxSequenceLength,
    encode: (batch: EncoderBatch) => {
      seen.push(batch.host);
      return tf.tidy(() => tf.tile(tf.tensor2d([[1, 0]]), [batch.numTokens, 1]));
    },
    itemVectors: () => tf.tensor2d(rows),
    itemTable: () => expect.unreachable('lists come from itemVectors'),
    tables: () => new Map(),
    withItemRows: () => expect.unreachable('lists take no rows'),
    variables: () => new Map(),
    dispose: () => undefined,
  };
  return { model, seen };
}

type Event = readonly [item: number, day: number, rating?: number];

/** Events of each user, over `numItems` items whose categories are `low` up to 25 and `high` above. */
function world(numItems: number, users: readonly (readonly Event[])[], categories = true) {
  const events = users.flatMap((own, user) => own.map(([item, day, rating]) => ({ user, item, day, rating })));
  return interactionsFromArrays({
    name: 'lists',
    users: events.map(({ user }) => user),
    items: events.map(({ item }) => item),
    timestamps: events.map(({ day }) => T + day * DAY),
    ...(events[0].rating !== undefined && { ratings: events.map(({ rating }) => rating ?? 0) }),
    catalogue: Array.from({ length: numItems }, (_, i) => ({
      item: i + 1,
      ...(categories && { categories: [i < 25 ? 'low' : 'high'] }),
    })),
  });
}

describe('evaluateFuture', () => {
  it('recall: share of all target events among the first ten; seen items are no candidates', async () => {
    // User 0 has seen 1 and 2: the ten are 3..12. Of 3, 12, 13, 13 two are found. User 1 has
    // seen 40: 1..10 hold 10, not 11.
    const interactions = world(60, [
      [
        [1, -2],
        [2, -1],
        [3, 1],
        [12, 2],
        [13, 3],
        [13, 4],
      ],
      [
        [40, -1],
        [10, 1],
        [11, 2],
      ],
    ]);
    const { model } = inOrder(60);
    const result = await evaluateFuture({ model, interactions, time: T });
    expect(result.metrics['Recall@10']).toBe(3 / 6);
    expect([result.numTargets, result.numQueries]).toEqual([6, 2]);
    // Twenty places: 3..10 twice, 1, 2, 11, 12 once. Eight items make 16, two more make 18 of 20.
    expect(result.metrics['P90Coverage@10']).toBe(10 / 60);
    // The first fifty: 3..52 and 1..51 without 40; low are 23 and 25 of them.
    const entropy = (low: number) => -[low / 50, 1 - low / 50].reduce((sum, p) => sum + p * Math.log(p), 0);
    expect(result.metrics['InterestEntropy@50']).toBeCloseTo((entropy(23) + entropy(25)) / 2, 6);
  });

  it('an item of the history that is a target stays a candidate; all do when asked', async () => {
    // User 0 saw 1 and 2 and comes back to 2: the ten are 2..11.
    const users: Event[][] = [
      [
        [1, -2],
        [2, -1],
        [2, 1],
        [11, 2],
        [13, 3],
      ],
    ];
    const interactions = world(20, users);
    const { model } = inOrder(20);
    const recall = async (excludeSeen?: boolean) =>
      (await evaluateFuture({ model, interactions, time: T, excludeSeen })).metrics['Recall@10'];
    expect(await recall()).toBe(2 / 3);
    expect(await recall(true)).toBe(2 / 3);
    // With 1 in the list, 11 is the eleventh.
    expect(await recall(false)).toBe(1 / 3);
  });

  it('the encoder reads the latest events before the query; the query time stands where the next time would', async () => {
    const interactions = world(20, [
      [
        [1, -5, 4],
        [2, -4, 5],
        [3, -3, 1],
        [4, -1, 2],
        [5, 0.5, 3],
        [6, 1.25, 3],
      ],
      [
        [7, -2, 3],
        [8, 1.5, 1],
      ],
    ]);
    const { model, seen } = inOrder(20);
    await evaluateFuture({ model, interactions, time: T, cadence: 'daily', batchSize: 10 });
    const [batch] = seen;
    expect(seen).toHaveLength(1);
    expect([...batch.users]).toEqual([0, 0, 1]);
    // Day 0 knows 2, 3, 4 (three at most), day 1 knows 3, 4, 5; user 1 has one event before day 1.
    expect([...batch.offsets]).toEqual([0, 3, 6, 7]);
    expect([...batch.itemIds]).toEqual([2, 3, 4, 3, 4, 5, 7]);
    const days = (times: Float64Array) => [...times].map((time) => (time - T) / DAY);
    expect(days(batch.timestamps)).toEqual([-4, -3, -1, -3, -1, 0.5, -2]);
    expect(days(batch.targetTimestamps)).toEqual([-3, -1, 0, -1, 0.5, 1, 1]);
    expect([...batch.ratings!]).toEqual([5, 1, 2, 1, 2, 3, 3]);
    // The items of the future are not in the batch.
    expect([...batch.targets]).toEqual([...batch.itemIds]);
  });

  it('goes block by block, says how far it is, and finds the same', async () => {
    const users = Array.from({ length: 5 }, (_, u): Event[] => [
      [1 + u, -1],
      [6 + u, 1],
    ]);
    const interactions = world(20, users, false);
    const { model, seen } = inOrder(20);
    const progress: unknown[] = [];
    const blocks = await evaluateFuture({
      model,
      interactions,
      time: T,
      batchSize: 2,
      onProgress: (p) => progress.push(p),
    });
    expect(seen.map(({ users }) => users.length)).toEqual([2, 2, 1]);
    expect(progress).toEqual([2, 4, 5].map((done) => ({ done, total: 5 })));
    expect(blocks).toEqual(await evaluateFuture({ model, interactions, time: T }));
    // Without categories there is no entropy, and no sentence on it.
    expect(Object.keys(blocks.metrics)).toEqual(['Recall@10', 'P90Coverage@10']);
    expect(blocks.definition.join(' ')).not.toContain('InterestEntropy');
    expect(seen[0].ratings).toBeUndefined();
  });

  it('stops at the last query, and at the last event of the window', async () => {
    // Item 2 comes back after the window: once is once.
    const interactions = world(20, [
      [
        [1, -1],
        [2, 1],
        [2, 20],
      ],
      [
        [1, -1],
        [3, 1],
      ],
    ]);
    const progress: number[] = [];
    const result = await evaluateFuture({
      model: inOrder(20).model,
      interactions,
      time: T,
      batchSize: 1,
      onProgress: ({ done }) => progress.push(done),
    });
    expect(progress).toEqual([1, 2]);
    expect(result.metrics['Recall@10']).toBe(1);
    const { catalogue: _, ...bare } = interactions;
    const without = await evaluateFuture({ model: inOrder(20).model, interactions: bare, time: T });
    expect(without.metrics).toEqual({
      'Recall@10': 1,
      'P90Coverage@10': result.metrics['P90Coverage@10'],
    });
  });

  it('lists are shorter than ten when the candidates are', async () => {
    const interactions = world(4, [
      [
        [1, -1],
        [2, 1],
      ],
    ]);
    const { metrics } = await evaluateFuture({ model: inOrder(4).model, interactions, time: T });
    // Of the three places 90 % need all three items.
    expect(metrics).toMatchObject({ 'Recall@10': 1, 'P90Coverage@10': 3 / 4 });
  });

  it('says what was counted', async () => {
    const interactions = world(60, [
      [
        [1, -1],
        [2, 1],
        [3, 2],
      ],
    ]);
    const { model } = inOrder(60);
    const { definition } = await evaluateFuture({ model, interactions, time: T });
    expect(definition).toEqual([
      'Targets: all 2 events of the 14 days from 2023-11-15T00:00:00.000Z of users with an event before.',
      'Vectors: one a user, at the beginning; 1 in all.',
      'Candidates: all 60 items, without those of the history that are no targets.',
      'Recall@10: share of target events whose item is among the top 10, over all events; where places 10 and 11 have one score, its mean over all orders of the items with that score.',
      'InterestEntropy@50: entropy (nats) of the categories of the top 50, mean over lists.',
      'P90Coverage@10: share of the catalogue that makes 90 % of all top-10 places.',
      'Lists: among equal scores the lower id first, as they are recommended.',
    ]);
    const daily = await evaluateFuture({
      model,
      interactions,
      time: T,
      days: 3,
      cadence: 'daily',
      excludeSeen: false,
    });
    expect(daily.definition.slice(0, 3)).toEqual([
      'Targets: all 2 events of the 3 days from 2023-11-15T00:00:00.000Z of users with an event before.',
      'Vectors: a new one each day; 2 in all.',
      'Candidates: all 60 items.',
    ]);
    const { definition: realtime } = await evaluateFuture({ model, interactions, time: T, cadence: 'realtime' });
    expect(realtime[1]).toBe('Vectors: a new one before each moment with events; 2 in all.');
  });

  it('refuses data over other items', async () => {
    const interactions = world(5, [
      [
        [1, -1],
        [2, 1],
      ],
    ]);
    await expect(evaluateFuture({ model: inOrder(4).model, interactions, time: T })).rejects.toThrow(
      "future: expected data over the model's 4 items; got 5; use the dataset the model was trained on",
    );
  });

  it('leaves no tensor behind, not even after a NaN', async () => {
    const interactions = world(5, [
      [
        [1, -1],
        [2, 1],
      ],
    ]);
    const { model } = inOrder(5);
    const before = tf.memory().numTensors;
    await evaluateFuture({ model, interactions, time: T });
    expect(tf.memory().numTensors).toBe(before);
    const broken = { ...model, itemVectors: () => tf.fill([6, 2], Number.NaN) as tf.Tensor2D };
    await expect(evaluateFuture({ model: broken, interactions, time: T })).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('future queries, at the edges', () => {
  const at = (days: readonly number[], options: Partial<Parameters<typeof futureQueries>[1]> = {}) =>
    futureQueries(world(30, [days.map((day, i): Event => [i + 1, day])]), { time: T, ...options }).map(
      ({ end, requestTime, targets }) => [end, (requestTime - T) / DAY, targets.from, targets.to],
    );

  it('an event at the time itself is a target, as in a split at that time; one at the end of the window is not', () => {
    expect(() => at([0, 1])).toThrow('expected users with events before');
    expect(at([-1, 0, 13.999, 14])).toEqual([[1, 0, 1, 3]]);
    expect(at([-1, 1.999, 2, 2.5], { days: 2 })).toEqual([[1, 0, 1, 2]]);
    expect(at([-1, 0.25, 0.75], { days: 0.5 })).toEqual([[1, 0, 1, 2]]);
  });

  it('daily: day d is [time + d, time + d + 1)', () => {
    expect(at([-1, 0, 1, 1.001, 2, 2.001], { cadence: 'daily' })).toEqual([
      [1, 0, 1, 2],
      [2, 1, 2, 4],
      [4, 2, 4, 6],
    ]);
    // The window ends within a day.
    expect(at([-1, 1.2, 1.4, 1.6], { cadence: 'daily', days: 1.5 })).toEqual([[1, 1, 1, 3]]);
  });

  it('realtime: one query a moment', () => {
    expect(at([-1, 1, 1, 1.5], { cadence: 'realtime' })).toEqual([
      [1, 1, 1, 3],
      [3, 1.5, 3, 4],
    ]);
  });

  it('needs events on both sides', () => {
    expect(() => at([1, 2])).toThrow(EvaluationError);
    expect(() => at([-2, -1])).toThrow('future: expected users with events before');
    expect(() => at([-1, 15])).toThrow('got none in lists');
  });

  it.each([
    [{ time: Number.NaN }, /got time NaN, days 14 and data with times/],
    [{ days: 0 }, /days > 0; got time \d+, days 0/],
    [{ days: Number.NaN }, /days NaN/],
  ])('refuses %j', (options, message) => {
    expect(() => at([-1, 1], options)).toThrow(message);
  });

  it('refuses data without times', () => {
    const bare = interactionsFromArrays({ name: 'bare', users: [1, 1], items: [1, 2] });
    expect(() => futureQueries(bare, { time: 0 })).toThrow('and data without times');
  });
});
