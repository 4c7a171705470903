// The cuts of "Time to Split" against the rule of that paper in plain loops.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globalTime, interactionsFromArrays } from '../index.ts';

interface Event {
  readonly user: number;
  readonly time: number;
}

/** Linear between neighbours. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (at - Math.floor(at)) * (high - low);
}

/** Events of users that train by a cut, and the users that are tested after it. */
function splitByTime(events: readonly Event[], share: number) {
  const cut = quantile(
    events.map(({ time }) => time),
    share,
  );
  const timesOf = (user: number) => events.filter((each) => each.user === user).map(({ time }) => time);
  const users = [...new Set(events.map(({ user }) => user))];
  const trains = new Set(users.filter((user) => (timesOf(user)[1] ?? Number.POSITIVE_INFINITY) <= cut));
  const train = events.filter(({ user, time }) => trains.has(user) && time <= cut);
  const test = users.filter((user) => timesOf(user).at(-1)! > cut && timesOf(user).length > 1);
  return { train, test };
}

const perUser = (events: readonly Event[]) => {
  const counts = new Map<number, number>();
  for (const { user } of events) counts.set(user, (counts.get(user) ?? 0) + 1);
  return counts;
};

describe('cuts at quantiles', () => {
  it('train and test whom the paper does, for test and validation', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 8 }), {
          minLength: 8,
          maxLength: 20,
        }),
        fc.constantFrom(0.5, 0.75, 0.9),
        (histories, share) => {
          const events = histories.flatMap((times, user) =>
            times.toSorted((a, b) => a - b).map((time) => ({ user, time })),
          );
          const i = interactionsFromArrays({
            name: 'world',
            users: events.map(({ user }) => user),
            items: events.map((_, e) => e + 1),
            timestamps: events.map(({ time }) => time),
          });
          const outer = splitByTime(events, share);
          const inner = splitByTime(outer.train, share);
          let split: ReturnType<typeof globalTime>;
          try {
            split = globalTime(i, { testQuantile: share, validationQuantile: share, targets: 'last' });
          } catch {
            // A part without anybody, or cuts that are the same.
            return;
          }
          compared++;
          const external = (user: number) => Number(i.users.external(user));
          expect(Array.from(split.test.users, external)).toEqual(outer.test);
          expect(Array.from(split.validation!.users, external)).toEqual(inner.test);
          const trained = new Map(
            Array.from(split.train.users, (user, e) => [
              external(user),
              split.train.targets[e] - split.train.starts[e] + 1,
            ]),
          );
          expect(trained).toEqual(perUser(inner.train));
        },
      ),
      { numRuns: 200 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('events at the cut train; a share is between 0 and 1', () => {
    const i = interactionsFromArrays({
      name: 'days',
      users: [0, 0, 0, 1, 1, 1],
      items: [1, 2, 3, 1, 2, 3],
      timestamps: [0, 10, 20, 0, 10, 10],
    });
    const split = globalTime(i, { testQuantile: 0.8, targets: 'last' });
    expect(split.cuts).toEqual({ testTime: 20 });
    expect([...split.train.targets]).toEqual([1, 5]);
    expect([...split.test.targets]).toEqual([2]);
    expect(() => globalTime(i, { testQuantile: 1 })).toThrow('expected testQuantile between 0 and 1; got 1');
    expect(() => globalTime(i, { testQuantile: 0.8, validationQuantile: 0.99 })).toThrow(
      'expected quantiles that give two different times',
    );
  });
});
