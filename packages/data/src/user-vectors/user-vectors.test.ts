import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DataError,
  type Interactions,
  interactionsFromArrays,
  type NumberColumn,
  OptionError,
  type Refresh,
  withUserVectors,
} from '../index.ts';
import { vectorsInPlace } from './refresh.ts';

/** Users with so many events each, some hours apart. */
const worlds = fc
  .array(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 })
  .map((gaps) => {
    const rows = gaps.flatMap((own, user) => {
      let hours = 0;
      return own.map((gap) => {
        hours += gap;
        return { user, time: hours * 3600 };
      });
    });
    return interactionsFromArrays({
      name: 'world',
      users: rows.map(({ user }) => user),
      items: rows.map((_, i) => i % 5),
      timestamps: rows.map(({ time }) => time),
    });
  });

const refreshes: fc.Arbitrary<Refresh> = fc.oneof(
  fc.record({ age: fc.integer({ min: 0, max: 15 }) }),
  fc.record({ every: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), seed: fc.nat(9) }),
  fc.record({ hours: fc.integer({ min: 0, max: 100 }) }),
);

describe('vectors in place', () => {
  it('are those that a service would have, request by request', () => {
    fc.assert(
      fc.property(worlds, refreshes, (world, refresh) => {
        const got = vectorsInPlace(world, refresh);
        const { userOffsets, timestamps } = world;
        for (let user = 0; user + 1 < userOffsets.length; user++) {
          const [first, past] = [userOffsets[user], userOffsets[user + 1]];
          const own = Array.from(got.subarray(first, past), (row) => (row < 0 ? 0 : row - first + 1));
          // Of the requests after 1, 2, ... events; the last is asked for at the time of the last event.
          const asked = own.map((_, i) => timestamps[Math.min(first + i + 1, past - 1)]);
          const numbers = own.map((_, i) => i + 1);
          if ('age' in refresh) expect(own).toEqual(numbers.map((n) => Math.max(0, n - refresh.age)));
          if ('hours' in refresh) {
            const old = (n: number, now: number) => asked[n - 1] <= now - refresh.hours * 3600;
            expect(own).toEqual(numbers.map((n) => numbers.filter((m) => m <= n && old(m, asked[n - 1])).at(-1) ?? 0));
          }
          if ('every' in refresh) {
            const rules = (refresh.every as number[]).map((period) => numbers.map((n) => n - (n % period)));
            expect(rules).toContainEqual(own);
          }
        }
      }),
    );
  });

  it('never know of an event that has not happened', () => {
    fc.assert(
      fc.property(worlds, refreshes, (world, refresh) => {
        for (const [event, row] of vectorsInPlace(world, refresh).entries()) expect(row).toBeLessThanOrEqual(event);
      }),
    );
  });

  it('have periods that differ from user to user, the same for a seed', () => {
    const users = Array.from({ length: 200 }, (_, user) => [user, user, user, user]).flat();
    const world = interactionsFromArrays({
      name: 'w',
      users,
      items: users.map((_, i) => i % 4),
      timestamps: users.map((_, i) => i),
    });
    const refresh = { every: [1, 4], seed: 3 };
    const got = vectorsInPlace(world, refresh);
    const firsts = Array.from({ length: 200 }, (_, user) => got[4 * user] === 4 * user);
    const fresh = firsts.filter((is) => is).length;
    expect(fresh).toBeGreaterThan(60);
    expect(fresh).toBeLessThan(140);
    expect(vectorsInPlace(world, refresh)).toEqual(got);
    expect(vectorsInPlace(world, { ...refresh, seed: 4 })).not.toEqual(got);
  });
});

/** When the request after each event is made: at the user's next event, at the end at the last. */
function askedAt({ userOffsets, timestamps }: Interactions): number[] {
  return Array.from(timestamps, (time, event) => (userOffsets.includes(event + 1) ? time : timestamps[event + 1]));
}

function withTimes(world: Interactions, timestamps: Float64Array): Interactions {
  const users = Array.from(world.timestamps, (_, event) => world.userOffsets.findLastIndex((first) => first <= event));
  return interactionsFromArrays({ name: 'moved', users, items: [...world.itemIds], timestamps });
}

/** The column of vectors of one number, and the ages. */
function filledOf(world: Interactions, values: Float32Array, refresh: Refresh): ArrayLike<number>[] {
  const { columns } = withUserVectors(world, { vectors: { width: 1, values }, refresh }).events;
  return ['userVector', 'userVectorAge'].map((name) => (columns.get(name) as NumberColumn).values);
}

const three = interactionsFromArrays({ name: 'three', users: [7, 7, 7], items: [1, 2, 3], timestamps: [0, 10, 20] });
const vectors = { width: 2, values: Float32Array.of(1, 2, 3, 4, 5, 9) };

describe('a column of user vectors', () => {
  it('holds the rows in place, before the first the mean of what was computed by then', () => {
    const got = withUserVectors(three, { vectors, refresh: { age: 1 } });
    expect(got.events.columns.get('userVector')).toMatchObject({ kind: 'number', width: 2 });
    expect(Array.from((got.events.columns.get('userVector') as NumberColumn).values)).toEqual([0, 0, 1, 2, 3, 4]);
    expect((got.events.columns.get('userVectorAge') as NumberColumn).values).toEqual(Float32Array.of(Number.NaN, 1, 1));
    expect(got.steps.at(-1)).toMatchObject({ name: 'user-vectors', params: { age: '1' }, counts: { without: 1 } });
  });

  it('is, where a user has none, the mean of the vectors that were computed before the request', () => {
    fc.assert(
      fc.property(worlds, refreshes, (world, refresh) => {
        // Each vector is when it was computed, so that a mean tells what it knows.
        const asked = askedAt(world).map((time) => time / 3600);
        const [filled, ages] = filledOf(world, Float32Array.from(asked), refresh);
        for (const [event, now] of asked.entries()) {
          if (!Number.isNaN(ages[event])) continue;
          const known = asked.filter((time) => time < now);
          const mean = known.reduce((sum, time) => sum + time, 0) / Math.max(1, known.length);
          expect(filled[event]).toBeCloseTo(mean, 3);
        }
      }),
    );
  });

  it('knows, where a user has none, nothing that depends on when later events come', () => {
    fc.assert(
      fc.property(worlds, refreshes, fc.integer({ min: 0, max: 60 }), (world, refresh, hour) => {
        const end = hour * 3600;
        const moved = withTimes(
          world,
          world.timestamps.map((time) => (time > end ? time + 7200 : time)),
        );
        const values = Float32Array.from(askedAt(world).keys(), Math.sin);
        const [before, ages] = filledOf(world, values, refresh);
        const [after, others] = filledOf(moved, values, refresh);
        for (const [event, now] of askedAt(world).entries()) {
          if (now > end || !Number.isNaN(ages[event])) continue;
          expect(others[event]).toBeNaN();
          expect(after[event]).toBe(before[event]);
        }
      }),
    );
  });

  it('has zeros in data without times where a user has none', () => {
    const untimed = interactionsFromArrays({ name: 'untimed', users: [1, 1, 2, 2], items: [1, 2, 1, 2] });
    const column = withUserVectors(untimed, {
      vectors: { width: 1, values: Float32Array.of(1, 2, 3, 4) },
      refresh: { age: 1 },
    }).events.columns.get('userVector') as NumberColumn;
    expect([...column.values]).toEqual([0, 1, 0, 3]);
  });

  it('is in the digest, values and age', () => {
    const digests = [
      three,
      withUserVectors(three, { vectors, refresh: { age: 0 } }),
      withUserVectors(three, {
        vectors: { ...vectors, values: vectors.values.map((x) => x + 1) },
        refresh: { age: 0 },
      }),
      withUserVectors(three, { vectors, refresh: { age: 1 } }),
      withUserVectors(three, { vectors, refresh: { age: 0 }, name: 'other' }),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(5);
  });

  it.each([
    [{ age: -1 }, 'expected age: an integer >= 0, in events; got -1'],
    [{ age: 1.5 }, 'got 1.5'],
    [{ every: 0 }, 'expected every: integers >= 1, in events; got 0'],
    [{ every: [] }, 'got none'],
    [{ hours: -1 }, 'expected hours: a number >= 0; got -1'],
    [{ hours: Number.NaN }, 'got NaN'],
  ] satisfies [Refresh, string][])('refuses %j', (refresh, message) => {
    expect(() => withUserVectors(three, { vectors, refresh })).toThrow(OptionError);
    expect(() => withUserVectors(three, { vectors, refresh })).toThrow(message);
  });

  it('refuses vectors of other events, a name that is taken, hours without times', () => {
    const short = { width: 2, values: new Float32Array(4) };
    expect(() => withUserVectors(three, { vectors: short, refresh: { age: 0 } })).toThrow(DataError);
    expect(() => withUserVectors(three, { vectors: short, refresh: { age: 0 } })).toThrow(
      'expected a vector for each of the 3 events of three; got 4 numbers, 2 a vector',
    );
    expect(() => withUserVectors(three, { vectors, refresh: { age: 0 }, name: three.roles.item })).toThrow(
      'expected a name that no column of the events has',
    );
    const timeless = interactionsFromArrays({ name: 'timeless', users: [7, 7, 7], items: [1, 2, 3] });
    expect(() => withUserVectors(timeless, { vectors, refresh: { hours: 1 } })).toThrow('expected hours: none');
  });
});
