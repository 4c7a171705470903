import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExampleSet,
  globalTime,
  type Interactions,
  interactionsFromArrays,
  leakageReport,
  leaveLastOut,
  type Split,
  trainTest,
} from '../index.ts';

/** One string a user; each character an item, its position the time. `.` is a moment without an event. */
function timeline(...users: readonly string[]): Interactions {
  const events = users.flatMap((text, user) =>
    [...text].map((item, time) => ({ user, item, time })).filter((e) => e.item !== '.'),
  );
  return interactionsFromArrays({
    name: 'timeline',
    users: events.map((e) => e.user),
    items: events.map((e) => e.item),
    timestamps: events.map((e) => e.time),
  });
}

/** `history>target` of every example. */
function examples(set: ExampleSet | undefined): string[] {
  if (set === undefined) return [];
  const text = (from: number, to: number) =>
    [...set.interactions.itemIds.subarray(from, to)].map((item) => set.interactions.items.external(item)).join('');
  return Array.from(set.targets, (target, e) => `${text(set.starts[e], target)}>${text(target, target + 1)}`);
}

describe('globalTime', () => {
  const i = timeline('abcdef', '..gh.k', 'm.....', '....no');

  it('cuts everybody at the same moments', () => {
    const split = globalTime(i, { validationTime: 3, testTime: 4 });
    expect(examples(split.train)).toEqual(['ab>c']);
    expect(examples(split.validation)).toEqual(['abc>d', 'g>h']);
    expect(examples(split.test)).toEqual(['abcd>e', 'gh>k']);
    expect(split.cuts).toEqual({ testTime: 4, validationTime: 3 });
    expect(split.step.counts).toEqual({ train: 1, validation: 2, test: 2, droppedUsers: 2 });
  });

  it('takes the first, the last or each event after a cut as targets', () => {
    const test = (targets: 'first' | 'last' | 'successive') => examples(globalTime(i, { testTime: 4, targets }).test);
    expect(test('first')).toEqual(['abcd>e', 'gh>k']);
    expect(test('last')).toEqual(['abcde>f', 'gh>k', 'n>o']);
    expect(test('successive')).toEqual(['abcd>e', 'abcde>f', 'gh>k', 'n>o']);
  });

  it('has no validation part unless asked', () => {
    expect(globalTime(i, { testTime: 4 }).validation).toBeUndefined();
  });

  it('never lets an event at or after a cut into the part before it', () => {
    const users = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        users,
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom('first', 'last', 'random', 'successive'),
        (texts, cut, targets) => {
          fc.pre(texts.some((text) => /[ab]/.test(text)));
          let split: Split;
          try {
            split = globalTime(timeline(...texts), { validationTime: cut, testTime: cut + 2, targets });
          } catch (error) {
            expect(error).toMatchObject({ code: 'nobody-left' });
            return;
          }
          const time = (event: number) => split.interactions.timestamps[event];
          for (const target of split.train.targets) expect(time(target)).toBeLessThan(cut);
          for (const target of split.validation?.targets ?? []) {
            expect(time(target)).toBeGreaterThanOrEqual(cut);
            expect(time(target)).toBeLessThan(cut + 2);
          }
          for (const target of split.test.targets) expect(time(target)).toBeGreaterThanOrEqual(cut + 2);
          for (const set of [split.train, split.validation, split.test]) {
            set?.targets.forEach((target, e) => {
              expect(set.starts[e]).toBeLessThan(target);
              expect(set.starts[e]).toBe(split.interactions.userOffsets[set.users[e]]);
            });
          }
          expect(leakageReport(split).leaks).toBe(false);
        },
      ),
    );
  });

  it('finds the cuts of fractions', () => {
    const long = timeline('abcdefghij', 'klmnopqrst');
    expect(globalTime(long, { testFraction: 0.2, validationFraction: 0.1 }).cuts).toEqual({
      testTime: 8,
      validationTime: 7,
    });
  });

  it('refuses cuts that make no sense or leave nobody', () => {
    expect(() => globalTime(i, { testTime: 3, validationTime: 3 })).toThrow(
      'globalTime: expected validationTime before testTime 3; got 3',
    );
    expect(() => globalTime(i, { testFraction: 1 })).toThrow('globalTime: expected testFraction in 0..1; got 1');
    expect(() => globalTime(i, { testFraction: 0.5, validationFraction: 0.5 })).toThrow('leave a training part');
    expect(() => globalTime(i, { testTime: 100 })).toThrow('expected events with a history at 100 or later; got none');
    expect(() => globalTime(i, { testTime: 1 })).toThrow('expected users with 2 events before 1; got none');
    const bare = interactionsFromArrays({ name: 'bare', users: [1, 1], items: [1, 2] });
    expect(() => globalTime(bare, { testTime: 1 })).toThrow('globalTime: expected times; got none in bare');
  });
});

describe('leakageReport', () => {
  const check = (split: Split, name: string) => leakageReport(split).checks.find((c) => c.name === name);

  it('finds test targets that training reads', () => {
    const good = trainTest(timeline('abcd', 'efgh'));
    expect(leakageReport(good).leaks).toBe(false);
    const bad = { ...good, train: { ...good.train, targets: Int32Array.of(3, 6) } };
    expect(check(bad, 'test-targets-in-training')).toMatchObject({ value: 1, share: 0.5, verdict: 'leak' });
    expect(leakageReport(bad).leaks).toBe(true);
    expect(leakageReport(bad).text).toContain('leak: 1 of 2 test targets are events that training reads.');
  });

  it('finds training events after the cut of a global-time split', () => {
    const good = globalTime(timeline('abcdef', 'ghijkl'), { testTime: 4 });
    expect(check(good, 'train-events-after-test-cut')).toMatchObject({ value: 0, verdict: 'ok' });
    const bad = { ...good, train: { ...good.train, targets: Int32Array.of(4, 9) } };
    expect(check(bad, 'train-events-after-test-cut')).toMatchObject({ value: 1, verdict: 'leak' });
  });

  it('counts, without calling it a leak, what leave-last-out shows of the future', () => {
    const split = leaveLastOut(timeline('abcd....', '....efgh'));
    expect(check(split, 'test-targets-before-training-events')).toMatchObject({
      value: 1,
      share: 0.5,
      verdict: 'note',
    });
    // Training reads a, b at 0, 1 and e, f at 4, 5; half of them lie after user 0's target at 3, none after user 1's.
    expect(check(split, 'test-targets-before-training-events')?.text).toContain('on average 25.0 %');
    expect(check(split, 'train-events-after-test-cut')).toMatchObject({ value: 2, share: 0.5, verdict: 'note' });
  });

  it('does not take an event of the same second for one of the future', () => {
    // User 1's training events are at 4 and 5, user 0's target is at 5: none is later.
    expect(check(leaveLastOut(timeline('..abcd..', '....efgh')), 'test-targets-before-training-events')?.value).toBe(0);
  });

  it('counts new items, repeated targets, ties and duplicates', () => {
    const i = interactionsFromArrays({
      name: 'x',
      users: [0, 0, 0, 0, 1, 1, 1, 1],
      items: ['a', 'b', 'c', 'a', 'a', 'b', 'c', 'z'],
      timestamps: [1, 1, 2, 3, 1, 2, 3, 3],
    });
    const split = trainTest(i);
    expect(check(split, 'items-first-seen-in-test')).toMatchObject({ value: 1, share: 0.5 });
    expect(check(split, 'test-targets-in-own-history')).toMatchObject({
      value: 1,
      share: 0.5,
      text: expect.stringContaining('never excludes the target'),
    });
    expect(check(split, 'test-target-ties-with-history')).toMatchObject({ value: 1, share: 0.5, verdict: 'note' });
    expect(check(split, 'duplicate-rows')).toMatchObject({ value: 0, verdict: 'ok' });
    expect(check(split, 'no-validation-part')).toMatchObject({ verdict: 'note' });
  });
});
