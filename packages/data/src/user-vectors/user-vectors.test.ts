import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DataError,
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

const three = interactionsFromArrays({ name: 'three', users: [7, 7, 7], items: [1, 2, 3], timestamps: [0, 10, 20] });
const vectors = { width: 2, values: Float32Array.of(1, 2, 3, 4, 5, 9) };

describe('a column of user vectors', () => {
  it('holds the rows in place, before the first the mean of what was known', () => {
    const got = withUserVectors(three, { vectors, refresh: { age: 1 } });
    expect(got.events.columns.get('userVector')).toMatchObject({ kind: 'number', width: 2 });
    expect(Array.from((got.events.columns.get('userVector') as NumberColumn).values)).toEqual([0, 0, 1, 2, 3, 4]);
    expect((got.events.columns.get('userVectorAge') as NumberColumn).values).toEqual(Float32Array.of(Number.NaN, 1, 1));
    expect(got.steps.at(-1)).toMatchObject({ name: 'user-vectors', params: { age: '1' }, counts: { without: 1 } });
  });

  it('knows nothing of later events where a user has none', () => {
    fc.assert(
      fc.property(worlds, refreshes, fc.integer({ min: 0, max: 40 }), (world, refresh, hour) => {
        const values = Float32Array.from({ length: 2 * world.numEvents }, (_, i) => Math.fround(Math.sin(i)));
        const changed = values.map((value, i) => (world.timestamps[i >> 1] < hour * 3600 ? value : value + 1));
        const [got, other] = [values, changed].map((own) => {
          const columns = withUserVectors(world, { vectors: { width: 2, values: own }, refresh }).events.columns;
          return [columns.get('userVector'), columns.get('userVectorAge')].map((each) => (each as NumberColumn).values);
        });
        for (const [event, time] of world.timestamps.entries()) {
          if (!Number.isNaN(got[1][event])) continue;
          if (time <= hour * 3600)
            expect(other[0].slice(2 * event, 2 * event + 2)).toEqual(got[0].slice(2 * event, 2 * event + 2));
          const earlier = [...world.timestamps.keys()].filter((each) => world.timestamps[each] < time);
          const mean = earlier.reduce((sum, each) => sum + values[2 * each], 0) / Math.max(1, earlier.length);
          expect(got[0][2 * event]).toBeCloseTo(mean, 6);
        }
      }),
    );
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
