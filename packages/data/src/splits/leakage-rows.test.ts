import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byUser,
  type ExampleSet,
  type Interactions,
  idMap,
  impressionExamples,
  interactionsFromArrays,
  leakageReport,
  leaveLastOut,
  randomSplit,
  type Split,
  takeExamples,
} from '../index.ts';

interface Row {
  readonly user: number;
  readonly item: number;
  readonly time: number;
  readonly request: number;
  readonly click: number;
}

function world(rows: readonly Row[], grouped = true): Interactions {
  const requests = Array.from({ length: 12 }, (_, k) => `r${k}`);
  return interactionsFromArrays({
    name: 'world',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map(({ time }) => time),
    columns: {
      click: { kind: 'number', width: 1, values: Float32Array.from(rows, ({ click }) => click) },
      shown: { kind: 'id', values: Int32Array.from(rows, (row) => row.request), ids: idMap(requests, 1) },
    },
    ...(grouped && { request: 'shown' }),
    labels: ['click'],
  });
}

const rows = fc
  .array(
    fc.record({
      ...{ user: fc.nat(3), item: fc.nat(5), time: fc.nat(8), request: fc.nat(12) },
      click: fc.constantFrom(0, 1),
    }),
    { minLength: 14, maxLength: 50 },
  )
  .filter((some) => some.filter(({ request }) => request === 0).length > 5);
const check = (split: Split, name: string) => leakageReport(split).checks.find((c) => c.name === name);
const historyOf = (set: ExampleSet, e: number): number[] => {
  const length = set.targets[e] - set.starts[e];
  if (set.events === undefined) return Array.from({ length }, (_, k) => set.starts[e] + k);
  return [...set.events.indices.subarray(set.events.offsets[e], set.events.offsets[e] + length)];
};

/** What a report must count, by loops over lists. */
function byHand({ interactions, train, validation, test }: Split): Record<string, number> {
  const { itemIds, timestamps, userOffsets } = interactions;
  const column = interactions.events.columns.get('shown');
  const request = (e: number) => (column?.kind === 'id' && column.values[e] > 0 ? `r${column.values[e]}` : `row ${e}`);
  const user = (e: number): number => userOffsets.findIndex((offset) => offset > e) - 1;
  const read = new Set([...train.targets].flatMap((target, e) => [...historyOf(train, e), target]));
  const requests = new Set([...read].map(request));
  const users = new Set([...read].map(user));
  const count = (set: ExampleSet | undefined, test: (target: number, e: number) => boolean) =>
    [...(set?.targets ?? [])].filter(test).length;
  const tied = (target: number, e: number) => timestamps[historyOf(test, e).at(-1) ?? -1] === timestamps[target];
  return {
    'test-targets-in-training': count(test, (target) => read.has(target)),
    'validation-targets-in-training': count(validation, (target) => read.has(target)),
    'test-requests-in-training': count(test, (target) => requests.has(request(target))),
    'validation-requests-in-training': count(validation, (target) => requests.has(request(target))),
    'test-users-in-training': count(test, (target) => users.has(user(target))),
    'validation-users-in-training': count(validation, (target) => users.has(user(target))),
    'test-targets-in-own-history': count(test, (t, e) => historyOf(test, e).some((h) => itemIds[h] === itemIds[t])),
    'test-target-ties-with-history': count(test, tied),
    'test-targets-before-training-events': count(test, (target) =>
      [...read].some((event) => timestamps[event] > timestamps[target]),
    ),
  };
}

describe('leakageReport of rows', () => {
  it('counts what one counts by hand, and a random split leaks neither rows nor requests', () => {
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom('points' as const, 'impressions' as const),
        fc.nat(9),
        (some, examples, seed) => {
          const split = randomSplit(world(some), { testShare: 0.2, validationShare: 0.2, seed, examples });
          for (const [name, value] of Object.entries(byHand(split)))
            expect([name, check(split, name)?.value]).toEqual([name, value]);
          expect(leakageReport(split).leaks).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds rows that are in two parts, or in a history of training, and requests cut apart', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(2), { minLength: 50, maxLength: 50 }), (some, chosen) => {
        const i = world(some);
        const all = impressionExamples(i, { history: 'all' });
        const of = (part: number, name: ExampleSet['name']) =>
          takeExamples(all, Int32Array.from([...some.keys()].filter((e) => chosen[e] === part)), name);
        const parts = { train: of(0, 'train'), validation: of(1, 'validation'), test: of(2, 'test') };
        fc.pre(Object.values(parts).every(({ targets }) => targets.length > 0));
        const split: Split = { ...randomSplit(i, { testShare: 0.2, validationShare: 0.2 }), ...parts };
        const expected = byHand(split);
        for (const [name, value] of Object.entries(expected))
          expect([name, check(split, name)?.value]).toEqual([name, value]);
        for (const name of ['test-targets-in-training', 'test-requests-in-training']) {
          expect(check(split, name)?.verdict).toBe(expected[name] > 0 ? 'leak' : 'ok');
        }
      }),
    );
  });

  it('says each in a sentence', () => {
    const some = Array.from({ length: 40 }, (_, k) => ({
      ...{ user: k % 2, item: k % 7, time: Math.floor(k / 2), request: k % 3 === 0 ? 0 : 1 + (k % 12), click: k % 2 },
    }));
    const text = (split: Split, name: string) => check(split, name)?.text;
    const split = randomSplit(world(some), { seed: 1 });
    const n = split.test.targets.length;
    expect(text(split, 'test-users-in-training')).toBe(
      `${n} test targets (100.0 %) are of users that training reads: what is tested is known users, and not new ones; a split by user tests those.`,
    );
    expect(text(split, 'test-requests-in-training')).toBe(
      '0 test targets (0.0 %) were shown in a request (shown) of which training reads another row.',
    );
    expect(text(split, 'test-targets-before-training-events')).toMatch(
      /^\d+ test targets \(.*\) are older than some training event; on .* are visible in training, as in every random split\.$/,
    );
    expect(text(split, 'test-target-ties-with-history')).toContain('have the time of the last event of their history');
    const last = leaveLastOut(world(some));
    expect(check(last, 'test-requests-in-training')).toMatchObject({ verdict: 'note' });
    expect(text(last, 'test-requests-in-training')).toMatch(/another row: one row of a request tells of the others\.$/);
    expect(check(last, 'test-users-in-training')).toBeUndefined();
    expect(check(leaveLastOut(world(some, false)), 'test-requests-in-training')).toBeUndefined();
  });

  it('a user of a test part that trains is a leak by users', () => {
    const some = Array.from({ length: 60 }, (_, k) => ({ user: k % 15, item: k % 7, time: k, request: 0, click: 0 }));
    const split = byUser(world(some), { testShare: 0.3, validationShare: 0.3, seed: 2 });
    expect(check(split, 'test-users-in-training')).toMatchObject({ value: 0, verdict: 'ok' });
    expect(check(split, 'validation-users-in-training')).toMatchObject({ value: 0, verdict: 'ok' });
    const bad = { ...split, test: { ...split.test, users: split.test.users.with(0, split.train.users[0]) } };
    expect(check(bad, 'test-users-in-training')).toMatchObject({ value: 1, verdict: 'leak' });
    expect(check(bad, 'test-users-in-training')?.text).toMatch(
      /^1 test targets \(\d+\.\d %\) are of users that training reads\.$/,
    );
  });
});
