import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declareAfter } from '../examples/declare-after.ts';
import { labelOf } from '../examples/labels.ts';
import { requestsOf } from '../examples/requests.ts';
import { interactionsFromArrays } from '../sources/memory.ts';
import { randomSplit } from '../splits/random.ts';
import { rowsByTime } from '../splits/rows-by-time.ts';
import { type Column, isMissing } from '../table/column.ts';
import { valueText } from '../table/describe.ts';
import { withSampledNegatives } from './sampled-negatives.ts';

interface Click {
  readonly user: number;
  readonly item: number;
}

/** The clicks, and two users who have seen every item between them, so that there are twelve. */
function clicks(given: readonly Click[]) {
  const others = Array.from({ length: 12 }, (_, item) => ({ user: 90 + (item % 2), item }));
  return clicksAlone([...given, ...others]);
}

function clicksAlone(rows: readonly Click[]) {
  return interactionsFromArrays({
    name: 'clicks',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map((_, k) => 100 + k),
    ratings: rows.map((_, k) => 1 + (k % 5)),
    columns: {
      hour: { kind: 'id', values: rows.map((_, k) => `h${k % 3}`) },
      watched: { kind: 'number', values: rows.map((_, k) => k) },
    },
    labels: ['watched'],
  });
}

const row = fc.record({ user: fc.nat(4), item: fc.nat(7) });

describe('withSampledNegatives', () => {
  it('follows each event by rows of items that its user has no event with, at the same time', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        (rows, per, seed) => {
          const before = clicks(rows);
          const after = withSampledNegatives(before, { perPositive: per, seed });
          expect(after.numEvents).toBe(before.numEvents * (1 + per));
          const [label, watched] = ['label', 'watched'].map((name) => labelOf(after, name).values);
          const requests = requestsOf(after);
          for (let u = 0; u < after.numUsers; u++) {
            const own = new Set(before.itemIds.subarray(before.userOffsets[u], before.userOffsets[u + 1]));
            for (let e = after.userOffsets[u]; e < after.userOffsets[u + 1]; e++) {
              const source = Math.floor(e / (1 + per));
              const isPositive = e % (1 + per) === 0;
              expect(label[e]).toBe(Number(isPositive));
              expect(after.timestamps[e]).toBe(before.timestamps[source]);
              expect(requests.of[e]).toBe(requests.of[source * (1 + per)]);
              if (isPositive) expect(after.itemIds[e]).toBe(before.itemIds[source]);
              else expect(own.has(after.itemIds[e])).toBe(false);
              // What is known after the event is missing in what did not happen.
              expect(Number.isNaN(watched[e])).toBe(!isPositive);
              expect(Number.isNaN((after.ratings as Float32Array)[e])).toBe(!isPositive);
            }
          }
          expect(after.roles.labels).toEqual(['label', 'watched']);
          expect(withSampledNegatives(before, { perPositive: per, seed }).digest).toBe(after.digest);
        },
      ),
    );
  });

  it('draws among opened items alone, of all of them about alike', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 25 }), fc.nat(), (rows, seed) => {
        const before = clicks(rows);
        const after = withSampledNegatives(before, { perPositive: 3, seed, among: 'opened' });
        const first = new Map<number, number>();
        for (const [e, item] of before.itemIds.entries())
          first.set(item, Math.min(first.get(item) ?? Number.POSITIVE_INFINITY, before.timestamps[e]));
        for (const [e, item] of after.itemIds.entries()) {
          const source = Math.floor(e / 4);
          const user = before.userOffsets.findIndex((offset) => offset > source) - 1;
          const own = new Set(before.itemIds.subarray(before.userOffsets[user], before.userOffsets[user + 1]));
          const free = [...first].filter(([other]) => !own.has(other));
          const open = free.filter(([, at]) => at <= after.timestamps[e]);
          if (e % 4 === 0) expect(item).toBe(before.itemIds[source]);
          else if (open.length > 0) expect(open.map(([other]) => other)).toContain(item);
          // The user has all that are open: the next one to open.
          else expect(first.get(item)).toBe(Math.min(...free.map(([, at]) => at)));
        }
      }),
      { numRuns: 50 },
    );
    const timeless = interactionsFromArrays({ name: 'timeless', users: [1, 1, 2], items: [1, 2, 3] });
    expect(() => withSampledNegatives(timeless, { perPositive: 1, among: 'opened' })).toThrow(
      'withSampledNegatives: expected times, which say when items open; got none in timeless',
    );
    const late = clicks(Array.from({ length: 600 }, (_, k) => ({ user: k % 3, item: k < 300 ? k % 2 : 2 + (k % 6) })));
    const drawn = withSampledNegatives(late, { perPositive: 4, seed: 1, among: 'opened' });
    const counts = new Map<number, number>();
    for (const [e, item] of drawn.itemIds.entries())
      if (e % 5 > 0 && drawn.timestamps[e] >= 420 && drawn.timestamps[e] < 690)
        counts.set(item, (counts.get(item) ?? 0) + 1);
    // Each of three users has four of the eight that are open and draws among the other four.
    expect(Math.max(...counts.values()) / Math.min(...counts.values())).toBeLessThan(2.6);
    expect(Math.max(...counts.keys())).toBe(8);
  });

  it('draws of all free items about alike, and anew for another seed', () => {
    const before = clicks(Array.from({ length: 600 }, (_, k) => ({ user: k % 3, item: k % 2 })));
    const drawn = (seed: number) => [...withSampledNegatives(before, { perPositive: 4, seed }).itemIds];
    expect(drawn(1)).not.toEqual(drawn(2));
    const counts = new Map<number, number>();
    for (const item of drawn(1)) counts.set(item, (counts.get(item) ?? 0) + 1);
    // Ten of twelve items are free, 2,400 draws.
    for (const [item, count] of counts) if (item > 2) expect(Math.abs(count - 245)).toBeLessThan(75);
  });

  it('gives a row what its item determines, and what the event alone does as of the positive', () => {
    const items = Array.from({ length: 60 }, (_, k) => (7 * k) % 9);
    const users = items.map((_, k) => k % 20);
    const of = <T>(value: (item: number, k: number) => T): T[] => items.map(value);
    const before = interactionsFromArrays({
      name: 'shop',
      ...{ users, items, timestamps: of((_, k) => k) },
      columns: {
        // Known of some events alone.
        category: { kind: 'id', values: of((item, k) => (k % 5 === 1 ? null : `c${item % 4}`)) },
        tags: { kind: 'ids', values: of((item) => (item % 2 === 0 ? ['even', `t${item % 3}`] : [])) },
        made: { kind: 'time', values: of((item) => 1000 + item) },
        name: { kind: 'text', values: of((item) => `n${item}`) },
        size: { kind: 'number', width: 2, values: of((item) => [item, -item]) },
        price: { kind: 'number', values: of((item, k) => item + (k % 2)) },
        // One value or none: of the event, as far as anybody can tell.
        coupon: { kind: 'number', values: of((_, k) => (k % 3 === 0 ? 1 : null)) },
      },
    });
    const after = withSampledNegatives(before, { perPositive: 2 });
    const at = (data: typeof after, name: string, row: number): string =>
      valueText(data.events.columns.get(name) as Column, row);
    const itemAt = (row: number): number => Number(after.items.external(after.itemIds[row]));
    for (let row = 0; row < after.numEvents; row++) {
      const item = itemAt(row);
      expect(at(after, 'category', row)).toBe(`c${item % 4}`);
      expect(at(after, 'tags', row)).toBe(item % 2 === 0 ? `even|t${item % 3}` : '');
      expect(at(after, 'made', row)).toBe(new Date(1000 * (1000 + item)).toISOString().replace('.000', ''));
      expect(at(after, 'name', row)).toBe(`n${item}`);
      expect(at(after, 'size', row)).toBe(`${item} ${-item || 0}`);
      for (const name of ['price', 'coupon']) expect(at(after, name, row)).toBe(at(before, name, Math.floor(row / 3)));
    }
    expect(after.steps.at(-1)?.detail).toContain(
      '(seed 0); category, tags, made, name, size, the same in all events of an item, as of theirs.',
    );
    // Nothing says whether a column is of the items where each has one event.
    const once = interactionsFromArrays({
      ...{ name: 'once', users: [1, 1, 2, 2], items: [1, 2, 3, 4], timestamps: [1, 2, 3, 4] },
      columns: { hour: { kind: 'number', values: [5, 6, 7, 8] } },
    });
    const hours = withSampledNegatives(once, { perPositive: 1 }).events.columns.get('hour');
    expect([...((hours?.values ?? []) as Float32Array)]).toEqual([5, 5, 6, 6, 7, 7, 8, 8]);
  });

  it('has no value of a drawn row in a column known after the event, of any kind', () => {
    const before = interactionsFromArrays({
      ...{ name: 'read', users: [1, 1, 2, 2], items: [1, 2, 3, 4], timestamps: [1, 2, 3, 4] },
      columns: {
        said: { kind: 'text', values: ['a', 'b', 'c', 'd'] },
        marked: { kind: 'ids', values: [['x'], ['y'], ['x', 'y'], ['z']] },
        left: { kind: 'time', values: [5, 6, 7, 8] },
      },
    });
    const after = withSampledNegatives(declareAfter(before, ['said', 'marked', 'left']), { perPositive: 1 });
    for (const name of ['said', 'marked', 'left']) {
      const column = after.events.columns.get(name) as Column;
      const missing = Array.from({ length: 8 }, (_, row) => isMissing(column, row));
      expect(missing).toEqual([false, true, false, true, false, true, false, true]);
    }
  });

  it('is cut by time where the events are', () => {
    const rows = Array.from({ length: 48 }, (_, k) => ({ user: k % 5, item: k % 7 }));
    const options = { testShare: 0.2, validationShare: 0, examples: 'points' } as const;
    const last = (per: number): number => {
      const { train } = rowsByTime(withSampledNegatives(clicks(rows), { perPositive: per }), options);
      return train.targets.reduce((most, e) => Math.max(most, train.interactions.timestamps[e]), 0);
    };
    expect(last(1)).toBe(last(4));
  });

  it('has the same events in the parts of a split by chance, however many rows are drawn', () => {
    const rows = Array.from({ length: 48 }, (_, k) => ({ user: k % 5, item: k % 7 }));
    const tested = (per: number): number[] => {
      const after = withSampledNegatives(clicks(rows), { perPositive: per, seed: per });
      const { test } = randomSplit(after, { testShare: 0.25, validationShare: 0, seed: 4, examples: 'points' });
      expect(test.targets.length % (1 + per)).toBe(0);
      return [...test.targets].filter((e) => e % (1 + per) === 0).map((e) => e / (1 + per));
    };
    expect(tested(1)).toEqual(tested(4));
  });

  it('refuses what cannot be', () => {
    const before = clicks([{ user: 1, item: 1 }]);
    expect(() => withSampledNegatives(before, { perPositive: 0 })).toThrow(
      'withSampledNegatives: expected perPositive of 1 or more; got 0',
    );
    expect(() => withSampledNegatives(before, { perPositive: 1, name: 'hour' })).toThrow(
      'withSampledNegatives: expected a name that no column of the events has; got hour',
    );
    const all = clicksAlone([{ user: 1, item: 0 }]);
    expect(() => withSampledNegatives(all, { perPositive: 1 })).toThrow(
      'expected items that user 1 has no event with; got none',
    );
  });
});
