import { describe, expect, it } from 'vitest';
import { globalTime, type Interactions, interactionsFromArrays, leaveLastOut, trainTest } from '../index.ts';

/** Users' event times; items are numbered through. */
function world(...times: readonly (readonly number[])[]): Interactions {
  const events = times.flatMap((own, user) => own.map((time) => ({ user, time })));
  return interactionsFromArrays({
    name: 'world',
    users: events.map(({ user }) => user),
    items: events.map((_, e) => e),
    timestamps: events.map(({ time }) => time),
  });
}

describe('global-time, at the edges', () => {
  it('two events before the first cut are a training example, one is none', () => {
    const split = globalTime(world([1, 2, 9], [1, 9], [1, 2, 3]), { testTime: 5 });
    expect([...split.train.targets]).toEqual([1, 7]);
    expect([...split.test.targets]).toEqual([2, 4]);
    expect(split.step.counts).toEqual({ train: 2, validation: 0, test: 2, droppedUsers: 0 });
  });

  it('counts the users of no part, and says the cuts, the rule and the counts', () => {
    const split = globalTime(world([0, 1, 2, 3], [0], [9], [3]), { testTime: 3, targets: 'successive' });
    expect(split.step.detail).toBe(
      'global-time: training before 1970-01-01T00:00:03.000Z, test from 1970-01-01T00:00:03.000Z, targets: successive; ' +
        '1 training, 0 validation and 1 test examples; 3 users are in no part.',
    );
    expect(split.step.params).toStrictEqual({ protocol: 'global-time', testTime: 3, targets: 'successive' });
    expect(split.cuts).toStrictEqual({ testTime: 3 });
    expect(Object.keys(split)).not.toContain('validation');
  });

  it('with a validation part says both cuts', () => {
    const split = globalTime(world([0, 1, 2, 3]), { validationTime: 2, testTime: 3 });
    expect(split.step.detail).toContain(
      'before 1970-01-01T00:00:02.000Z, validation from 1970-01-01T00:00:02.000Z, test',
    );
    expect(split.step.params).toStrictEqual({
      protocol: 'global-time',
      testTime: 3,
      targets: 'first',
      validationTime: 2,
    });
    expect(split.cuts).toStrictEqual({ testTime: 3, validationTime: 2 });
  });

  it('needs somebody in the validation part', () => {
    expect(() => globalTime(world([0, 1, 7]), { validationTime: 3, testTime: 5 })).toThrow(
      'globalTime: expected events with a history in 3..5; got none among the 1 users of world',
    );
  });

  it('without a validation fraction has no validation time', () => {
    const i = world([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(globalTime(i, { testFraction: 0.2 }).cuts).toStrictEqual({ testTime: 8 });
    expect(globalTime(i, { testFraction: 0.2, validationFraction: 0 }).cuts).toStrictEqual({ testTime: 8 });
  });

  it('takes shares of all events, whosever they are, and leaves the times where they are', () => {
    const i = world([0, 4, 6, 9], [1, 2, 3, 5]);
    const before = [...i.timestamps];
    // Of eight events, two lie at 6 or later, four at 4 or later.
    expect(globalTime(i, { testFraction: 0.25, validationFraction: 0.25 }).cuts).toEqual({
      testTime: 6,
      validationTime: 4,
    });
    expect([...i.timestamps]).toEqual(before);
  });

  it('a share too small to count is the last event', () => {
    expect(globalTime(world([0, 1, 2, 3]), { testFraction: 1e-17 }).cuts).toEqual({ testTime: 3 });
  });

  it.each([
    [{ testTime: Number.NaN }, 'globalTime: expected testTime in seconds; got NaN'],
    [{ testTime: Number.POSITIVE_INFINITY }, 'globalTime: expected testTime in seconds; got Infinity'],
    [{ testTime: 3, validationTime: 4 }, 'globalTime: expected validationTime before testTime 3; got 4'],
    [{ testFraction: 0 }, 'globalTime: expected testFraction in 0..1; got 0'],
    [{ testFraction: -0.1 }, 'globalTime: expected testFraction in 0..1; got -0.1'],
    [{ testFraction: 0.2, validationFraction: -0.1 }, 'fractions that leave a training part; got -0.1'],
    [{ testFraction: 0.2, validationFraction: 0.8 }, 'fractions that leave a training part; got 0.8'],
  ])('refuses %j', (options, message) => {
    expect(() => globalTime(world([0, 1, 2, 3, 4]), options)).toThrow(message);
  });

  it('refuses fractions that fall on one time', () => {
    expect(() => globalTime(world([0, 1, 5, 5, 5, 5]), { testFraction: 0.3, validationFraction: 0.3 })).toThrow(
      'globalTime: expected fractions that give two different times; got 5 for both',
    );
  });
});

describe('leave-last-out, as it is told', () => {
  it('the parts, the users and those left out', () => {
    const i = world([0, 1, 2, 3, 4], [0, 1, 2], [0, 1]);
    expect(leaveLastOut(i).step).toMatchObject({
      detail:
        'leave-last-out: of every user the last event test, the one before validation; 1 users, 2 with fewer than 4 ' +
        'events (5 events) left out.',
      params: { protocol: 'leave-last-out', minLength: 4 },
      counts: { users: 1, droppedUsers: 2, droppedEvents: 5 },
    });
    const reference = trainTest(i);
    expect(reference.step).toMatchObject({
      detail:
        'train-test: of every user the last event test, no validation part; 2 users, 1 with fewer than 3 events ' +
        '(2 events) left out.',
      params: { protocol: 'train-test', minLength: 3 },
    });
    expect(Object.keys(reference)).not.toContain('validation');
  });
});
