import { describe, expect, it } from 'vitest';
import {
  byRequest,
  type ExampleSet,
  interactionsFromArrays,
  type LastRowsOptions,
  lastRows,
  leakageReport,
  makeBatch,
  withRowHistories,
} from '../index.ts';

/** User `u` has `u + 1` events, one a minute, from minute `7 u` modulo 40 on. */
const events = Array.from({ length: 30 }, (_, u) => Array.from({ length: u + 1 }, (_e, k) => ({ u, k }))).flat();
const data = interactionsFromArrays({
  name: 'requests',
  users: events.map(({ u }) => u),
  items: events.map(({ u, k }) => 1 + ((u * 3 + k) % 17)),
  timestamps: events.map(({ u, k }) => 60 * (((7 * u) % 40) + k)),
  columns: { liked: { kind: 'number', values: events.map(({ u, k }) => (u + k) % 2) } },
  labels: ['liked'],
});
const setsOf = (options: LastRowsOptions): ExampleSet[] => {
  const { train, validation, test } = lastRows(data, options);
  return [train, ...(validation ? [validation] : []), test];
};

describe.each([
  { rows: 4, maxHistory: 3, seed: 1 },
  { rows: 4, by: 'time' as const },
  { rows: 6, by: 'time' as const, validationShare: 0 },
])('%j', (options) => {
  const { rows, maxHistory = 1000 } = options as LastRowsOptions & { rows: number };
  const sets = setsOf(options);

  it('has the last rows of each user once, in one part', () => {
    const users = sets.map((set) => new Set(set.users));
    expect(users.reduce((sum, own) => sum + own.size, 0)).toBe(30 - rows);
    expect(new Set(users.flatMap((own) => [...own])).size).toBe(30 - rows);
    for (const set of sets) {
      for (const [user, own] of Map.groupBy(set.targets, (_, e) => set.users[e])) {
        const end = data.userOffsets[user + 1];
        expect(own).toEqual(Array.from({ length: rows }, (_, row) => end - rows + row));
      }
    }
  });

  it('gives all rows of a user the events before the first of them', () => {
    for (const set of sets) {
      const batch = makeBatch(set, [...set.targets.keys()]);
      for (let e = 0; e < set.targets.length; e++) {
        const first = data.userOffsets[set.users[e]];
        const end = data.userOffsets[set.users[e] + 1] - rows;
        const expected = [...data.itemIds.subarray(Math.max(first, end - maxHistory), end)];
        expect([...batch.itemIds.subarray(batch.offsets[e], batch.offsets[e + 1])]).toEqual(expected);
      }
    }
  });

  it('is a request a user', () => {
    for (const set of sets) {
      const requests = byRequest(set);
      expect(requests.targets.length).toBe(set.targets.length / rows);
      expect([...requests.rows.targets]).toEqual([...set.targets]);
    }
  });

  it('leaks no target and no user', () => {
    const { leaks, checks } = leakageReport(lastRows(data, options));
    expect(leaks).toBe(false);
    expect(checks.find(({ name }) => name === 'test-users-in-training')).toMatchObject({ value: 0, verdict: 'ok' });
  });
});

it('tests the users whose requests are the newest', () => {
  const [train, validation, test] = setsOf({ rows: 4, by: 'time' });
  const timesOf = (set: ExampleSet): number[] =>
    [...new Set(set.users)].map((user) => data.timestamps[data.userOffsets[user + 1] - 5]);
  expect(Math.max(...timesOf(train))).toBeLessThanOrEqual(Math.min(...timesOf(validation)));
  expect(Math.max(...timesOf(validation))).toBeLessThanOrEqual(Math.min(...timesOf(test)));
  expect([train, validation, test].map(({ users }) => new Set(users).size)).toEqual([16, 3, 7]);
});

it('trains on every block of events of a user, each after what came before it', () => {
  const options = { rows: 4, seed: 2 };
  const [last, every] = (['last', 'every'] as const).map((training) => lastRows(data, { ...options, training }));
  expect(every.test).toEqual(last.test);
  const requests = byRequest(every.train);
  const batch = makeBatch(requests, [...requests.targets.keys()]);
  for (const user of new Set(every.train.users)) {
    const [first, end] = [data.userOffsets[user], data.userOffsets[user + 1]];
    const blocks = Math.floor((end - first - 1) / 4);
    const own = [...every.train.targets].filter((_, e) => every.train.users[e] === user);
    expect(own).toEqual(Array.from({ length: 4 * blocks }, (_, k) => end - 4 * blocks + k));
  }
  for (const [b, target] of requests.targets.entries()) {
    const history = [...data.itemIds.subarray(data.userOffsets[requests.users[b]], target)];
    expect(history.length).toBeGreaterThan(0);
    expect([...batch.itemIds.subarray(batch.offsets[b], batch.offsets[b + 1])]).toEqual(history);
  }
  expect(leakageReport(every).leaks).toBe(false);
});

it.each<[LastRowsOptions, string]>([
  [{ rows: 0 }, 'lastRows: expected rows of 1 or more; got 0'],
  [{ testShare: 1 }, 'lastRows: expected testShare between 0 and 1; got 1'],
  [
    { testShare: 0.6, validationShare: 0.4 },
    'lastRows: expected validationShare that leaves users to train on; got 0.4',
  ],
  [{ maxHistory: 0 }, 'lastRows: expected maxHistory of 1 or more; got 0'],
  [{ rows: 40 }, 'lastRows: expected users of more than 40 events in the train part; got none among the 30 users'],
])('refuses %j', (options, message) => {
  expect(() => lastRows(data, options)).toThrow(message);
});

it('histories of rankers are told as they are: by order, whatever the times', () => {
  const tied = interactionsFromArrays({
    name: 'tied',
    users: events.map(({ u }) => u),
    items: events.map(({ u, k }) => 1 + ((u * 3 + k) % 17)),
    timestamps: events.map(() => 7),
    columns: { liked: { kind: 'number', values: events.map(({ u, k }) => (u + k) % 2) } },
    labels: ['liked'],
  });
  const split = withRowHistories(lastRows(tied, { rows: 4 }), { maxEvents: 5 });
  expect(split.step.params).toMatchObject({ maxEvents: 5, sameTime: 'seen', from: 'all' });
  const { checks } = leakageReport(split);
  expect(checks.find(({ name }) => name === 'histories-not-earlier')).toMatchObject({ value: 0, verdict: 'ok' });
});
