import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  datasetStats,
  dedupe,
  type Interactions,
  interactionsFromArrays,
  kCore,
  minLength,
  minRating,
  withSampledNegatives,
} from '../index.ts';

interface Event {
  readonly user: number;
  readonly item: number;
  readonly time: number;
  readonly rating: number;
}

function store(list: readonly Event[], withCatalogue = false): Interactions {
  return interactionsFromArrays({
    name: 'x',
    users: list.map((e) => e.user),
    items: list.map((e) => e.item),
    timestamps: list.map((e) => e.time),
    ratings: list.map((e) => e.rating),
    ...(withCatalogue
      ? {
          catalogue: Array.from({ length: 10 }, (_, item) => ({
            item,
            title: `title ${item}`,
            categories: [`c${item % 3}`],
          })),
        }
      : {}),
  });
}

/** Events with external ids. */
function list(i: Interactions): string[] {
  const out = [];
  for (let u = 0; u < i.numUsers; u++) {
    for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
      out.push(`${i.users.external(u)} ${i.items.external(i.itemIds[e])} ${i.timestamps[e]} ${i.ratings?.[e]}`);
    }
  }
  return out;
}

const events = fc.array(
  fc.record({
    user: fc.integer({ min: 0, max: 6 }),
    item: fc.integer({ min: 0, max: 9 }),
    time: fc.integer({ min: 0, max: 5 }),
    rating: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 1, maxLength: 80 },
);

/** k-core by definition: remove one offender at a time until none is left. */
function naiveCore(all: readonly Event[], users: number, items: number): Event[] {
  let left = [...all];
  for (;;) {
    const bad = left.find(
      (e) =>
        left.filter((o) => o.user === e.user).length < users || left.filter((o) => o.item === e.item).length < items,
    );
    if (bad === undefined) return left;
    left = left.filter((e) => e !== bad);
  }
}

describe('kCore', () => {
  it('is the core by definition, whatever the data', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (all, users, items) => {
        const expected = naiveCore(all, users, items);
        if (expected.length === 0) {
          expect(() => kCore(store(all), { users, items })).toThrow('kCore: expected some events to stay; got none');
          return;
        }
        const core = kCore(store(all, true), { users, items });
        expect(list(core)).toEqual(list(store(expected)));
        expect(core.numItems).toBe(new Set(expected.map((e) => e.item)).size);
        for (let item = 1; item <= core.numItems; item++) {
          expect(core.catalogue?.title(item)).toBe(`title ${core.items.external(item)}`);
          expect(core.catalogue?.categories(item)).toEqual([`c${Number(core.items.external(item)) % 3}`]);
        }
        expect(core.steps.at(-1)?.counts).toMatchObject({
          events: expected.length,
          droppedEvents: all.length - expected.length,
          droppedItems: 10 - core.numItems,
        });
      }),
    );
  });

  it('counts once on the raw data with iterate: false', () => {
    const e = (user: number, item: number) => ({ user, item, time: 0, rating: 1 });
    // Item 2 has one event, so user 1 is left with one; iterating then removes user 1 too.
    const all = [e(0, 0), e(0, 1), e(1, 0), e(1, 2), e(2, 0), e(2, 1)];
    expect(list(kCore(store(all), { users: 2, items: 2, iterate: false }))).toEqual([
      '0 0 0 1',
      '0 1 0 1',
      '1 0 0 1',
      '2 0 0 1',
      '2 1 0 1',
    ]);
    expect(list(kCore(store(all), { users: 2, items: 2 }))).toEqual(['0 0 0 1', '0 1 0 1', '2 0 0 1', '2 1 0 1']);
  });

  it('refuses counts below 1', () => {
    expect(() => kCore(store([{ user: 0, item: 0, time: 0, rating: 1 }]), { users: 0, items: 1 })).toThrow(
      'kCore: expected users of 1 or more; got 0',
    );
  });
});

describe('minRating, minLength and dedupe', () => {
  it.each([
    ['a number', { kind: 'number', values: [9, 1, 9] }],
    ['ids', { kind: 'id', values: ['buy', 'view', 'buy'] }],
  ] as const)('go by the ratings also where the action is another column, of %s', (_, done) => {
    const source = { name: 'both', users: [1, 1, 1], items: [1, 2, 3], timestamps: [1, 2, 3], ratings: [2, 5, 4] };
    const i = interactionsFromArrays({ ...source, columns: { done }, action: 'done' });
    expect(i.roles).toMatchObject({ action: 'done', rating: 'rating' });
    expect([...minRating(i, { rating: 4 }).timestamps]).toEqual([2, 3]);
    expect(datasetStats(minRating(i, { rating: 4 })).ratings).toEqual([
      { rating: 4, count: 1 },
      { rating: 5, count: 1 },
    ]);
    const kept = withSampledNegatives(
      interactionsFromArrays({ ...source, users: [1, 1, 2], columns: { done }, action: 'done' }),
      {
        perPositive: 1,
        seed: 1,
      },
    );
    expect([...(kept.ratings ?? [])]).toEqual([2, Number.NaN, 5, Number.NaN, 4, Number.NaN]);
  });

  it('keep exactly the events they say, and the corpus', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 4 }), (all, k) => {
        const i = store(all, true);
        const liked = all.filter((e) => e.rating >= k);
        if (liked.length > 0) {
          const kept = minRating(i, { rating: k });
          expect(list(kept)).toEqual(list(store(liked)));
          expect(kept.numItems).toBe(10);
        }
        const long = all.filter((e) => all.filter((o) => o.user === e.user).length >= k);
        if (long.length > 0) expect(list(minLength(i, { length: k }))).toEqual(list(store(long)));
        const key = (e: Event) => `${e.user} ${e.item} ${e.time}`;
        const distinct = all.filter((e, at) => all.findIndex((o) => key(o) === key(e)) === at);
        expect(list(dedupe(i))).toEqual(list(store(distinct)));
      }),
    );
  });

  it('dedupe by item keeps the first or last event of each', () => {
    const e = (item: number, time: number) => ({ user: 0, item, time, rating: time });
    const i = store([e(1, 1), e(2, 2), e(1, 3), e(1, 3)]);
    expect(list(dedupe(i, { by: 'item' }))).toEqual(['0 1 1 1', '0 2 2 2']);
    expect(list(dedupe(i, { by: 'item', keep: 'last' }))).toEqual(['0 2 2 2', '0 1 3 3']);
    expect(dedupe(i).steps.at(-1)?.detail).toBe(
      'Kept one of each user, item and time: 1 events, 0 users and 0 items were dropped.',
    );
  });

  it('take a rating that is the bound, though floats have neither', () => {
    const i = store([3.2, 3.3, 3.4].map((rating, time) => ({ user: 1, item: 1 + time, time, rating })));
    expect([...minRating(i, { rating: 3.3 }).timestamps]).toEqual([1, 2]);
    expect([...minRating(i, { rating: 3.4 }).timestamps]).toEqual([2]);
  });

  it('say what is missing', () => {
    const bare = interactionsFromArrays({ name: 'bare', users: [1, 1], items: [1, 2] });
    expect(() => minRating(bare, { rating: 4 })).toThrow('minRating: expected ratings; got none in bare');
    expect(() => dedupe(bare)).toThrow("dedupe: expected times to compare events by; got none; use by: 'item'");
    expect(() => minLength(bare, { length: 3 })).toThrow(
      'minLength: expected some events to stay; got none of the 2 of bare',
    );
  });

  it('change the digest and leave positions as times when there are none', () => {
    const bare = interactionsFromArrays({ name: 'bare', users: [1, 1, 1], items: [5, 5, 6] });
    const kept = dedupe(bare, { by: 'item' });
    expect([...kept.timestamps]).toEqual([0, 1]);
    expect(kept.hasTimestamps).toBe(false);
    expect(kept.digest).not.toBe(bare.digest);
  });
});
