import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  globalTime,
  type Interactions,
  interactionsFromArrays,
  leakageReport,
  leaveLastOut,
  type Split,
  trainTest,
} from '../index.ts';

interface Event {
  readonly user: number;
  readonly item: number;
  readonly time: number;
}

function world(events: readonly Event[], timed = true): Interactions {
  return interactionsFromArrays({
    name: 'world',
    users: events.map(({ user }) => user),
    items: events.map(({ item }) => item),
    ...(timed && { timestamps: events.map(({ time }) => time) }),
  });
}

const check = (split: Split, name: string) => leakageReport(split).checks.find((c) => c.name === name);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const bool = (value: boolean): number => (value ? 1 : 0);

/** Users with 3 to 6 events over few items and few times, so that everything repeats. */
const worlds = fc
  .array(fc.array(fc.record({ item: fc.nat(5), time: fc.nat(6) }), { minLength: 4, maxLength: 7 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((users) => users.flatMap((own, user) => own.map((event) => ({ user, ...event }))));

/** The checks as one would count them by hand: a list of what training reads, and a loop over the test targets. */
function byHand(split: Split): Record<string, readonly [value: number, share: number]> {
  const { itemIds, timestamps, numEvents, userOffsets } = split.interactions;
  const events = Array.from({ length: numEvents }, (_, e) => e);
  const read = events.filter((e) =>
    [...split.train.targets].some((target, k) => split.train.starts[k] <= e && e <= target),
  );
  const targets = [...split.test.targets];
  const n = targets.length;
  const cut = split.cuts?.testTime ?? Math.min(...targets.map((t) => timestamps[t]));
  const late = read.filter((e) => timestamps[e] >= cut).length;
  const before = sum(targets.map((t) => bool(read.some((e) => timestamps[e] > timestamps[t]))));
  const fresh = targets.filter((t) => !read.some((e) => itemIds[e] === itemIds[t])).map((t) => itemIds[t]);
  const again = sum(targets.map((t, k) => bool(itemIds.slice(split.test.starts[k], t).includes(itemIds[t]))));
  const tied = sum(targets.map((t) => bool(timestamps[t] === timestamps[t - 1])));
  const userOf = (e: number): number => userOffsets.findIndex((offset) => offset > e) - 1;
  const key = (e: number): string => `${userOf(e)}/${itemIds[e]}/${timestamps[e]}`;
  const copies = numEvents - new Set(events.map(key)).size;
  return {
    'test-targets-in-training': [
      targets.filter((t) => read.includes(t)).length,
      targets.filter((t) => read.includes(t)).length / n,
    ],
    'train-events-after-test-cut': [late, late / read.length],
    'test-targets-before-training-events': [before, before / n],
    'items-first-seen-in-test': [new Set(fresh).size, fresh.length / n],
    'test-targets-in-own-history': [again, again / n],
    'test-target-ties-with-history': [tied, tied / n],
    'duplicate-rows': [copies, copies / numEvents],
  };
}

describe('leakageReport', () => {
  it('counts what one counts by hand', () => {
    fc.assert(
      fc.property(worlds, fc.boolean(), (events, validated) => {
        const split = (validated ? leaveLastOut : trainTest)(world(events));
        for (const [name, [value, share]] of Object.entries(byHand(split))) {
          const found = check(split, name);
          expect([name, found?.value, found?.share]).toEqual([name, value, expect.closeTo(share, 12)]);
          // None of these is a leak under leave-last-out; none at all is ok.
          expect([name, found?.verdict]).toEqual([name, value === 0 ? 'ok' : 'note']);
        }
      }),
    );
  });

  it('says each in a sentence', () => {
    // User 0 has a c b a, user 1 has a b z z; both at times of whole days, the last two of user 1 at the same one.
    const day = 86_400;
    const split = trainTest(
      world([
        { user: 0, item: 1, time: 0 },
        { user: 0, item: 3, time: day },
        { user: 0, item: 2, time: 2 * day },
        { user: 0, item: 1, time: 3 * day },
        { user: 1, item: 1, time: 2 * day },
        { user: 1, item: 2, time: 3 * day },
        { user: 1, item: 9, time: 4 * day },
        { user: 1, item: 8, time: 4 * day },
      ]),
    );
    const text = (name: string) => check(split, name)?.text;
    expect(text('train-events-after-test-cut')).toBe(
      '2 training events (33.3 %) are not older than the earliest test target.',
    );
    expect(text('test-targets-before-training-events')).toBe(
      "1 test targets (50.0 %) are older than some training event of another user; on average 8.3 % of the training events lie in a test target's future: " +
        'popularity and trends of the future are visible in training, as in every leave-one-out split.',
    );
    expect(text('items-first-seen-in-test')).toBe(
      '1 items never occur in training but are test targets (1 targets, 50.0 %).',
    );
    expect(text('test-targets-in-own-history')).toBe(
      "1 test targets (50.0 %) are items of the user's own history. They stay candidates: an evaluation that excludes seen items never excludes the target.",
    );
    expect(text('test-target-ties-with-history')).toBe(
      '1 test targets (50.0 %) have the time of the event before them: which of the two is the target is decided by the tie rule, not by the data.',
    );
    expect(text('order-inside-ties')).toContain('neighbours at the same time (times are whole days) more than once');
    expect(text('duplicate-rows')).toBe('0 events repeat an earlier user, item and time.');
  });

  it('says them without the second half when there is nothing to say', () => {
    const split = globalTime(
      world(Array.from({ length: 12 }, (_, e) => ({ user: e % 2, item: e % 6, time: 3 * e + 1 }))),
      { testTime: 28, targets: 'successive' },
    );
    const text = (name: string) => check(split, name)?.text;
    expect(text('train-events-after-test-cut')).toBe('0 training events (0.0 %) are not older than the test cut.');
    expect(text('test-targets-before-training-events')).toMatch(/0\.0 % of the training events lie in .* future\.$/);
    expect(text('items-first-seen-in-test')).toMatch(/^0 items never occur/);
    expect(text('test-target-ties-with-history')).toMatch(/have the time of the event before them\.$/);
    expect(text('order-inside-ties')).toContain('at the same time more than once');
  });

  it('counts copies of a row, and validation targets that are test targets', () => {
    const twice = [1, 2, 3, 3, 4].map((item, e) => ({ user: 0, item, time: e === 3 ? 2 : e }));
    const split = leaveLastOut(world(twice));
    expect(check(split, 'duplicate-rows')).toMatchObject({ value: 1, share: 0.2, verdict: 'note' });
    expect(check(split, 'validation-targets-in-test')).toMatchObject({ value: 0, share: 0, verdict: 'ok' });
    expect(check(split, 'no-validation-part')).toBeUndefined();

    const mixed = leaveLastOut(world([0, 1, 2].flatMap((user) => twice.map((event) => ({ ...event, user })))));
    const targets = Int32Array.of(mixed.test.targets[0], mixed.validation!.targets[1], mixed.validation!.targets[2]);
    const bad = { ...mixed, validation: { ...mixed.validation!, targets } };
    expect(check(bad, 'validation-targets-in-test')).toMatchObject({
      value: 1,
      share: expect.closeTo(1 / 3, 12),
      verdict: 'leak',
      text: '1 validation targets are also test targets.',
    });
    expect(leakageReport(bad).leaks).toBe(true);
  });

  it('a validation target that training reads is a leak', () => {
    const split = leaveLastOut(world([1, 2, 3, 4, 5].map((item, time) => ({ user: 0, item, time }))));
    const bad = { ...split, train: { ...split.train, targets: split.validation!.targets } };
    expect(check(bad, 'validation-targets-in-training')).toMatchObject({ value: 1, share: 1, verdict: 'leak' });
    expect(check(bad, 'test-targets-in-training')).toMatchObject({ value: 0, share: 0, verdict: 'ok' });
  });

  it('says nothing about times that are only places in the file', () => {
    const split = trainTest(
      world(
        [1, 2, 2, 2].map((item) => ({ user: 0, item, time: 0 })),
        false,
      ),
    );
    const names = leakageReport(split).checks.map(({ name }) => name);
    expect(names).not.toContain('train-events-after-test-cut');
    expect(names).not.toContain('test-targets-before-training-events');
    expect(check(split, 'test-target-ties-with-history')?.value).toBe(0);
    expect(check(split, 'duplicate-rows')).toMatchObject({ value: 0, share: 0, verdict: 'ok' });
  });

  it('a global-time split that trains on the future leaks in both directions', () => {
    const split = globalTime(
      world([
        ...[0, 1, 2, 6].map((time) => ({ user: 0, item: time, time })),
        ...[0, 1, 7, 8].map((time) => ({ user: 1, item: time, time })),
      ]),
      { testTime: 5 },
    );
    const bad = { ...split, train: { ...split.train, targets: Int32Array.of(2, 6) } };
    expect(check(bad, 'train-events-after-test-cut')?.verdict).toBe('leak');
    expect(check(bad, 'test-targets-before-training-events')).toMatchObject({ value: 1, share: 0.5, verdict: 'leak' });
  });

  it('a set of one single moment has no future and no days', () => {
    const split = trainTest(world([1, 2, 3, 4].flatMap((item) => [0, 1].map((user) => ({ user, item, time: 0 })))));
    // Nothing is older than the target: all six events of training are not.
    expect(check(split, 'train-events-after-test-cut')).toMatchObject({ value: 6, share: 1 });
    expect(check(split, 'test-targets-before-training-events')?.value).toBe(0);
    expect(check(split, 'order-inside-ties')?.text).toContain('neighbours at the same time more than once');
  });

  it('a target older than everything that training reads has all of it in its future', () => {
    const users = [0, 1].flatMap((user) => [0, 1, 2, 3].map((e) => ({ user, item: e, time: 10 * user + e })));
    const split = trainTest(world(users));
    const last = (column: Int32Array): Int32Array => column.slice(1);
    const { train } = split;
    const late = { ...train, users: last(train.users), starts: last(train.starts), targets: last(train.targets) };
    const found = check({ ...split, train: late }, 'test-targets-before-training-events');
    // User 0's target sees all three events ahead, user 1's none.
    expect(found).toMatchObject({ value: 1, share: 0.5 });
    expect(found?.text).toContain('on average 50.0 % of the training events');
  });

  it('the order inside ties: pairs that came one way round, of those that came more than once', () => {
    // Three users have 1 then 2 at one time, two have 3 and 4 both ways round.
    const rows = [
      [0, [1, 2, 5, 6]],
      [1, [1, 2, 5, 7]],
      [2, [1, 2, 8, 5]],
      [3, [3, 4, 9, 6]],
      [4, [4, 3, 9, 7]],
    ] as const;
    const split = trainTest(
      world(rows.flatMap(([user, items]) => items.map((item, e) => ({ user, item, time: e < 2 ? 0 : e })))),
    );
    const found = check(split, 'order-inside-ties');
    expect(found).toMatchObject({ value: 1, share: 0.5, verdict: 'ok' });
    expect(found?.text).toMatch(/^1 of 2 pairs of items that were neighbours at the same time more than once always/);
    expect(check(split, 'no-validation-part')).toMatchObject({ value: 1, share: 1, verdict: 'note' });
    const untied = trainTest(world([0, 1, 2, 3].map((e) => ({ user: 0, item: e, time: e }))));
    expect(check(untied, 'order-inside-ties')).toMatchObject({ value: 0, share: 0, verdict: 'ok' });
  });
});
