import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionsFromArrays } from '../index.ts';
import type { ExampleSet } from '../splits/split.ts';
import type { Column } from '../table/column.ts';
import { makeBatch } from './batch.ts';
import { type SequenceBatch, sequenceBatch, takeTokens } from './sequence-batch.ts';

interface Event {
  readonly user: number;
  readonly price: number | null;
  readonly city: string | null;
  readonly tags: readonly string[];
}

const events = fc.array(
  fc.record<Event>({
    user: fc.integer({ min: 0, max: 4 }),
    price: fc.option(fc.integer({ min: 0, max: 99 })),
    city: fc.option(fc.constantFrom('rome', 'oslo')),
    tags: fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
  }),
  { minLength: 3, maxLength: 30 },
);

function dataOf(rows: readonly Event[]) {
  return interactionsFromArrays({
    name: 'events',
    users: rows.map(({ user }) => user),
    items: rows.map((_, i) => i),
    timestamps: rows.map((_, i) => 1e9 + i),
    ratings: rows.map((_, i) => i % 5),
    columns: {
      price: { kind: 'number', values: rows.map(({ price }) => price) },
      city: { kind: 'id', values: rows.map(({ city }) => city) },
      tags: { kind: 'ids', values: rows.map(({ tags }) => tags) },
    },
    userColumns: {
      ids: [0, 1, 2, 3],
      columns: { age: { kind: 'number', values: [10, 11, 12, 13] } },
    },
  });
}

/** Examples of any events of each user: of ranges, or of every other event. */
function examplesOf(rows: readonly Event[], gaps: boolean): ExampleSet {
  const interactions = dataOf(rows);
  const { userOffsets, numUsers } = interactions;
  const [users, starts, targets]: [number[], number[], number[]] = [[], [], []];
  const offsets = [0];
  const indices: number[] = [];
  for (let u = 0; u < numUsers; u++) {
    for (let target = userOffsets[u]; target < userOffsets[u + 1]; target++) {
      const own = Array.from({ length: target - userOffsets[u] }, (_, i) => userOffsets[u] + i);
      const history = gaps ? own.filter((_, i) => i % 2 === 0) : own;
      users.push(u);
      starts.push(target - history.length);
      targets.push(target);
      indices.push(...history);
      offsets.push(indices.length);
    }
  }
  const set = {
    name: 'train' as const,
    interactions,
    users: Int32Array.from(users),
    starts: Int32Array.from(starts),
    targets: Int32Array.from(targets),
  };
  if (!gaps) return set;
  return { ...set, events: { offsets: Int32Array.from(offsets), indices: Int32Array.from(indices) } };
}

/** A value of a row as a person would write it. */
function valueAt(column: Column | undefined, row: number): unknown {
  switch (column?.kind) {
    case 'id':
      return column.values[row] === 0 ? null : column.ids.external(column.values[row]);
    case 'ids':
      return Array.from(column.values.subarray(column.offsets[row], column.offsets[row + 1]), (id) =>
        column.ids.external(id),
      );
    case 'number':
      return Number.isNaN(column.values[row]) ? null : column.values[row];
    default:
      return expect.unreachable();
  }
}

const COLUMNS = {
  tokens: ['price', 'city', 'tags'],
  next: ['city'],
  targets: ['price'],
  users: ['age'],
  examples: ['items', 'times'],
} as const;

describe('makeBatch with further columns', () => {
  it('holds what a plain loop over the rows gives', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (rows, gaps) => {
        const set = examplesOf(rows, gaps);
        const { interactions } = set;
        const indices = Array.from(set.targets.keys()).filter((e) => e % 3 !== 1);
        const batch = makeBatch(set, indices, COLUMNS);
        const event = (at: number): Event => rows[Number(interactions.items.external(interactions.itemIds[at]))];
        let t = 0;
        indices.forEach((e, b) => {
          const length = set.targets[e] - set.starts[e];
          const history = Array.from({ length }, (_, i) =>
            set.events === undefined ? set.starts[e] + i : set.events.indices[set.events.offsets[e] + i],
          );
          history.forEach((at, i) => {
            const next = history[i + 1] ?? set.targets[e];
            expect(batch.itemIds[t]).toBe(interactions.itemIds[at]);
            expect(batch.targets[t]).toBe(interactions.itemIds[next]);
            expect(batch.timestamps[t]).toBe(interactions.timestamps[at]);
            expect(batch.targetTimestamps[t]).toBe(interactions.timestamps[next]);
            expect(batch.ratings?.[t]).toBe(interactions.ratings?.[at]);
            expect(batch.targetRatings?.[t]).toBe(interactions.ratings?.[next]);
            for (const name of COLUMNS.tokens) {
              expect(valueAt(batch.columns?.tokens?.get(name), t)).toEqual(event(at)[name]);
            }
            expect(valueAt(batch.columns?.next?.get('city'), t)).toEqual(event(next).city);
            t++;
          });
          expect(batch.offsets[b + 1]).toBe(t);
          expect(valueAt(batch.columns?.targets?.get('price'), b)).toEqual(event(set.targets[e]).price);
          expect(batch.exampleItems?.[b]).toBe(interactions.itemIds[set.targets[e]]);
          expect(batch.exampleTimes?.[b]).toBe(interactions.timestamps[set.targets[e]]);
          const user = Number(interactions.users.external(set.users[e]));
          expect(valueAt(batch.columns?.users?.get('age'), b)).toEqual(user < 4 ? 10 + user : null);
        });
      }),
    );
  });

  it('is the same without further columns, whatever way it was gathered', () => {
    fc.assert(
      fc.property(events, (rows) => {
        const set = examplesOf(rows, false);
        const indices = Int32Array.from(set.targets.keys()).reverse();
        const { columns: _, exampleItems, exampleTimes, ...gathered } = makeBatch(set, indices, COLUMNS);
        expect(makeBatch(set, indices)).toEqual(gathered);
        const withItems = makeBatch(set, indices, { examples: ['items'] });
        expect(withItems).toEqual({ ...gathered, exampleItems });
        expect(exampleTimes).toHaveLength(indices.length);
      }),
    );
  });

  it('names the nearest column for one that is not there', () => {
    const set = examplesOf([{ user: 0, price: 1, city: null, tags: [] }], false);
    expect(() => makeBatch(set, [0], { tokens: ['prise'] })).toThrow(
      'expected a column of events; got prise; did you mean price?',
    );
    expect(() => makeBatch(set, [0], { users: ['wealth'] })).toThrow('got wealth; there are age');
  });
});

describe('takeTokens', () => {
  it('takes every column of the tokens, and leaves those of examples', () => {
    const set = examplesOf(
      Array.from({ length: 5 }, (_, i) => ({ user: 0, price: i, city: 'rome', tags: ['x'] })),
      false,
    );
    const batch = makeBatch(set, [4], COLUMNS);
    const cut = takeTokens(batch, Int32Array.of(0, 2), Int32Array.of(3, 1));
    expect([...cut.itemIds]).toEqual([batch.itemIds[3], batch.itemIds[1]]);
    expect(valueAt(cut.columns?.tokens?.get('price'), 0)).toBe(3);
    expect(cut.columns?.users).toBe(batch.columns?.users);
    expect(cut.exampleItems).toBe(batch.exampleItems);
    expect(cut.exampleTimes).toBe(batch.exampleTimes);
  });
});

describe('sequenceBatch', () => {
  const parts = { offsets: Int32Array.of(0, 2), itemIds: Int32Array.of(1, 2), timestamps: Float64Array.of(5, 6) };

  it('fills in what an encoder does not read', () => {
    const batch: SequenceBatch = sequenceBatch(parts);
    expect(batch).toEqual({
      ...parts,
      users: Int32Array.of(0),
      targets: parts.itemIds,
      targetTimestamps: parts.timestamps,
    });
  });

  it('names a column whose length does not fit', () => {
    expect(() => sequenceBatch({ ...parts, ratings: Float32Array.of(1) })).toThrow('expected 2 rows in ratings; got 1');
    expect(() => sequenceBatch({ ...parts, exampleItems: Int32Array.of(1, 2) })).toThrow(
      'expected 1 rows in exampleItems; got 2',
    );
    const column: Column = { kind: 'number', values: Float32Array.of(1), width: 1 };
    expect(() => sequenceBatch({ ...parts, columns: { next: new Map([['price', column]]) } })).toThrow(
      'expected 2 rows in next price; got 1',
    );
  });
});
