import { useBackend } from '@seqrec/core';
import { globalTime, interactionsFromArrays } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { expectNothingStays } from '../test-support/throwing-model.ts';
import { tinyConfigs } from '../test-support/tiny.ts';
import { evaluateFuture } from './future.ts';
import { futureQueries } from './future-queries.ts';
import { interestEntropy, p90Coverage } from './list-metrics.ts';

const DAY = 86_400;
const T = 1e9;

beforeAll(async () => {
  await useBackend('auto');
});

function world(times: readonly (readonly number[])[]) {
  const events = times.flatMap((own, user) =>
    own.map((day, e) => ({ user, item: 1 + ((3 * user + e) % 12), time: T + day * DAY })),
  );
  return interactionsFromArrays({
    name: 'world',
    users: events.map(({ user }) => user),
    items: events.map(({ item }) => item),
    timestamps: events.map(({ time }) => time),
    catalogue: Array.from({ length: 12 }, (_, i) => ({ item: i + 1, categories: [i % 2 === 0 ? 'even' : 'odd'] })),
  });
}

describe('future queries', () => {
  const data = world([
    [-2, -1, 0.5, 0.5, 1.5, 13.9, 14.5],
    [-1, 20],
    [1, 2],
  ]);

  it('once: users with events on both sides, targets in [time, time + 14 days)', () => {
    expect(futureQueries(data, { time: T })).toEqual([
      { user: 0, start: 0, end: 2, requestTime: T, targets: { from: 2, to: 6 } },
    ]);
  });

  it('daily: the vector of a day knows everything until that day begins', () => {
    expect(
      futureQueries(data, { time: T, cadence: 'daily' }).map(({ end, requestTime, targets }) => [
        end,
        (requestTime - T) / DAY,
        targets.from,
        targets.to,
      ]),
    ).toEqual([
      [2, 0, 2, 4],
      [4, 1, 4, 5],
      [5, 13, 5, 6],
    ]);
  });

  it('all cadences find the same events, never from a history that holds them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.float({ min: -5, max: 20, noNaN: true }), { maxLength: 8 }), {
          minLength: 1,
          maxLength: 4,
        }),
        (days) => {
          const made = world(
            [[-1, 1], ...days.map((own) => [...own].sort((a, b) => a - b))].filter((own) => own.length > 0),
          );
          const targetsOf = (cadence: 'once' | 'daily' | 'realtime') =>
            futureQueries(made, { time: T, cadence }).flatMap(({ targets, end, requestTime }) => {
              expect(end).toBeLessThanOrEqual(targets.from);
              expect(made.timestamps[end - 1]).toBeLessThan(requestTime);
              return Array.from({ length: targets.to - targets.from }, (_, i) => targets.from + i);
            });
          expect(targetsOf('daily')).toEqual(targetsOf('once'));
          expect(targetsOf('realtime')).toEqual(targetsOf('once'));
        },
      ),
    );
  });

  it('the targets are the test targets of a split at the time, those at the very moment too', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 6 }), { maxLength: 4 }), (days) => {
        const made = world(
          [[-2, -1, 0, 1], ...days.filter((own) => own.some((day) => day < 0))].map((own) =>
            own.toSorted((a, b) => a - b),
          ),
        );
        const { test } = globalTime(made, { testTime: T, targets: 'successive' });
        const targets = futureQueries(made, { time: T }).flatMap(({ targets: { from, to } }) =>
          Array.from({ length: to - from }, (_, i) => from + i),
        );
        expect(targets).toEqual([...test.targets]);
      }),
    );
  });

  it('says when nobody fits', () => {
    expect(() => futureQueries(data, { time: T + 100 * DAY })).toThrow(/got none in world; choose an earlier time/);
  });
});

describe('metrics of lists', () => {
  it('P90 coverage: fewest items that make 90 % of the places', () => {
    // Ten places: item 1 has 8, item 2 and 3 one each; 9 of 10 need two items.
    const lists = [
      [1, 1, 1, 1, 1],
      [1, 1, 1, 2, 3],
    ];
    expect(p90Coverage(lists, 100)).toBe(0.02);
    expect(p90Coverage([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]], 10)).toBe(0.9);
  });

  it('interest entropy: 0 for one interest, log 2 for two halves, parts for items of several', () => {
    const interests: Record<number, string[]> = { 1: ['a'], 2: ['b'], 3: ['a', 'b'], 4: [] };
    const of = (...lists: number[][]): number => interestEntropy(lists, (item) => interests[item]);
    expect(of([1, 1])).toBeCloseTo(0, 12);
    expect(of([1, 2])).toBeCloseTo(Math.log(2), 12);
    expect(of([3])).toBeCloseTo(Math.log(2), 12);
    expect(of([1, 1], [1, 2])).toBeCloseTo(Math.log(2) / 2, 12);
    expect(of([4])).toBe(0);
  });
});

describe('evaluateFuture', () => {
  it('counts every target, and is certain when the list is the catalogue', async () => {
    const data = world([
      [-2, -1, 0.5, 1.5],
      [-3, 2, 3],
    ]);
    const model = createModel({ ...tinyConfigs.sasrec, maxSequenceLength: 4 } as never, { numItems: 12, seed: 1 });
    const before = tf.memory().numTensors;
    const { metrics, numTargets, numQueries } = await evaluateFuture({ model, interactions: data, time: T });
    expect([numTargets, numQueries]).toEqual([4, 2]);
    // Twelve items without two or one seen: a list of ten holds all but at most one.
    expect(metrics['Recall@10']).toBeGreaterThanOrEqual(0.75);
    expect(Object.keys(metrics)).toEqual(['Recall@10', 'InterestEntropy@50', 'P90Coverage@10']);
    expect(tf.memory().numTensors).toBe(before);
  });

  /** A model that knows items by one number each, the same for everybody. */
  function knownModel(scoreOf: (item: number) => number, numItems: number): TokenEncoder {
    const rows = Array.from({ length: numItems + 1 }, (_, item) => [scoreOf(item)]);
    return {
      kind: 'known',
      config: { kind: 'known' },
      numItems,
      maxSequenceLength: 4,
      encode: (batch) => tf.ones([batch.numTokens, 1]),
      itemVectors: () => tf.tensor2d(rows),
      itemTable: () => expect.unreachable('not read'),
      tables: () => new Map(),
      withItemRows: () => expect.unreachable('not read'),
      variables: () => new Map(),
      dispose: () => undefined,
    };
  }

  it('finds the expected number of events when the cut is inside a run of equal scores', async () => {
    // Sixty items; user 0 has seen 1 and 4 and takes 12, 12 and 40 later, user 1 has seen 7 and takes 3.
    const events = [
      [0, 1, -2],
      [0, 4, -1],
      [0, 12, 1],
      [0, 12, 2],
      [0, 40, 3],
      [1, 7, -1],
      [1, 3, 5],
    ];
    const interactions = interactionsFromArrays({
      name: 'known',
      users: events.map(([user]) => user),
      items: events.map(([, item]) => item),
      timestamps: events.map(([, , day]) => T + day * DAY),
      catalogue: Array.from({ length: 60 }, (_, i) => ({ item: i + 1 })),
    });
    const recall = async (scoreOf: (item: number) => number, excludeSeen = true) =>
      evaluateFuture({ model: knownModel(scoreOf, 60), interactions, time: T, excludeSeen });
    const before = tf.memory().numTensors;
    // Items 1 to 5 are above, 6 to 30 tie, the rest is below. User 0: 2, 3 and 5 above, 7 places for 25: 12 has 7/25,
    // 40 none. User 1: all five above, 5 places for the 24 without item 7; item 3 is found.
    const steps = (item: number) => (item <= 5 ? 3 : item <= 30 ? 2 : 1);
    const tied = await recall(steps);
    expect(tied.metrics['Recall@10']).toBeCloseTo((2 * (7 / 25) + 0 + 1) / 4, 12);
    expect(tied.warnings).toEqual([
      'ties: 2 of 2 lists (100.0 %) are cut at place 10 between items of one score; Recall@10 is its mean over their orders, the diversity is that of the lower ids',
    ]);
    const kept = await recall(steps, false);
    expect(kept.metrics['Recall@10']).toBeCloseTo((2 * (5 / 25) + 0 + 1) / 4, 12);
    // More equal scores than a list of 50 holds.
    const long = await recall((item) => (item === 60 ? 2 : 1), false);
    expect(long.metrics['Recall@10']).toBeCloseTo((4 * 9) / 59 / 4, 12);
    const clear = await recall((item) => -item);
    expect([clear.metrics['Recall@10'], clear.warnings]).toEqual([3 / 4, []]);
    await expect(recall(() => 1)).rejects.toThrow(
      'future: expected scores that tell candidates apart; got one and the same score for all candidates of every query',
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ties matter where they are at the cut of a list, and only there', async () => {
    // User 0 has seen 60, user 1 has seen 1: places 10 and 11 are items 10 and 11, and 11 and 12.
    const known = (numItems: number, users: readonly (readonly number[])[]) =>
      interactionsFromArrays({
        name: 'cut',
        users: users.flatMap((own, user) => own.map(() => user)),
        items: users.flat(),
        timestamps: users.flatMap((own) => own.map((_, i) => T + (i - 1) * DAY + 1)).map((time) => time - 2),
        catalogue: Array.from({ length: numItems }, (_, i) => ({ item: i + 1 })),
      });
    const evaluated = async (interactions: ReturnType<typeof known>, scoreOf: (item: number) => number) =>
      evaluateFuture({ model: knownModel(scoreOf, interactions.numItems), interactions, time: T - DAY });
    const two = known(60, [
      [60, 11],
      [1, 11],
    ]);
    const { metrics, warnings } = await evaluated(two, (item) => -(item === 11 ? 10 : item));
    expect(metrics['Recall@10']).toBe((1 / 2 + 1) / 2);
    expect(warnings[0]).toMatch(/^ties: 1 of 2 lists/);
    // Ten places for five candidates: everything is found, whatever ties.
    const few = known(
      6,
      [1, 2, 3, 4, 5].map((item) => [6, item]),
    );
    const small = await evaluated(few, (item) => item % 2);
    expect([small.metrics['Recall@10'], small.warnings]).toEqual([1, []]);
  });
});

describe('a future that cannot be', () => {
  const interactions = world([[-2, -1, 0.5]]);
  const model = createModel(tinyConfigs.hstu, { numItems: interactions.numItems, seed: 3 });
  it.each([0, -1, 1.5, Number.NaN])('a batch size of %s is refused', async (batchSize) => {
    await expect(evaluateFuture({ model, interactions, time: T, batchSize })).rejects.toThrow(
      `future: batchSize: expected an integer >= 1; got ${batchSize}`,
    );
  });

  it('nothing stays where the model throws', () =>
    expectNothingStays(model, (broken) => evaluateFuture({ model: broken, interactions, time: T })));
});
