import { describe, expect, it } from 'vitest';
import { dedupe, type Interactions, interactionsFromArrays, kCore, minLength, minRating } from '../index.ts';

/** User, item, time and rating of each row. */
function store(rows: readonly (readonly [user: number, item: number, time: number, rating: number])[]): Interactions {
  return interactionsFromArrays({
    name: 'store',
    users: rows.map(([user]) => user),
    items: rows.map(([, item]) => item),
    timestamps: rows.map(([, , time]) => time),
    ratings: rows.map(([, , , rating]) => rating),
  });
}

const i = store([
  [1, 10, 0, 5],
  [1, 11, 1, 2],
  [1, 10, 2, 4],
  [2, 11, 0, 3],
  [2, 12, 1, 4],
  [3, 13, 0, 1],
]);

describe('what a filter says it did', () => {
  it('minRating', () => {
    expect(minRating(i, { rating: 4 }).steps.at(-1)).toEqual({
      name: 'minRating',
      detail: 'Kept events rated 4 or more: 3 events, 1 users and 0 items were dropped.',
      params: { rating: 4 },
      counts: { events: 3, droppedEvents: 3, droppedUsers: 1, droppedItems: 0 },
    });
  });

  it('minLength', () => {
    expect(minLength(i, { length: 2 }).steps.at(-1)).toEqual({
      name: 'minLength',
      detail: 'Kept users with 2 events or more: 1 events, 1 users and 0 items were dropped.',
      params: { length: 2 },
      counts: { events: 5, droppedEvents: 1, droppedUsers: 1, droppedItems: 0 },
    });
  });

  it('dedupe', () => {
    expect(dedupe(i).steps.at(-1)).toMatchObject({ params: { by: 'event', keep: 'first' }, counts: { events: 6 } });
    expect(dedupe(i, { by: 'item', keep: 'last' }).steps.at(-1)).toMatchObject({
      name: 'dedupe',
      detail: 'Kept the last event of each user and item: 1 events, 0 users and 0 items were dropped.',
      params: { by: 'item', keep: 'last' },
    });
  });

  it('kCore: the rounds until nothing changes; one round says so too', () => {
    // Item 12 and 13 have one event, then user 2 has one, then item 11 has one.
    const core = kCore(i, { users: 2, items: 2 });
    expect(core.steps.at(-1)).toEqual({
      name: 'kCore',
      detail:
        'Kept users with 2 and items with 2 events or more (4 rounds): 4 events, 2 users and 3 items were dropped.',
      params: { users: 2, items: 2, iterate: true },
      counts: { rounds: 4, events: 2, droppedEvents: 4, droppedUsers: 2, droppedItems: 3 },
    });
    expect(kCore(i, { users: 2, items: 2, iterate: false }).steps.at(-1)?.counts).toMatchObject({
      rounds: 1,
      events: 4,
    });
    expect(kCore(i, { users: 1, items: 1 }).steps.at(-1)?.counts).toMatchObject({ rounds: 1, events: 6 });
  });

  it('keeps the steps before, and works without ratings and without a catalogue', () => {
    const twice = minLength(minRating(i, { rating: 2 }), { length: 2 });
    expect(twice.steps.slice(-2).map(({ name }) => name)).toEqual(['minRating', 'minLength']);
    const plain = interactionsFromArrays({
      name: 'plain',
      users: [1, 1, 2],
      items: [1, 2, 1],
      timestamps: [5, 6, 7],
    });
    const kept = minLength(plain, { length: 2 });
    expect(kept.ratings).toBeUndefined();
    expect(Object.keys(kept)).not.toContain('ratings');
    expect(kept.catalogue).toBeUndefined();
    expect([...kept.timestamps]).toEqual([5, 6]);
    expect(kept.hasTimestamps).toBe(true);
  });
});

describe('what stays', () => {
  it('without times the events of every user are numbered from 0 again', () => {
    const timeless = interactionsFromArrays({
      name: 'timeless',
      users: [1, 1, 1, 2, 2, 2, 2],
      items: [1, 2, 3, 1, 2, 3, 2],
      ratings: [5, 1, 5, 5, 1, 5, 5],
    });
    const kept = minRating(timeless, { rating: 4 });
    expect([...kept.timestamps]).toEqual([0, 1, 0, 1, 2]);
    expect([...kept.itemIds]).toEqual([1, 3, 1, 3, 2]);
    expect(kept.hasTimestamps).toBe(false);
  });

  it('dedupe: the last event of each user and item, user by user', () => {
    // Item 11 is the last of user 1 and the first of user 2.
    const kept = dedupe(i, { by: 'item', keep: 'last' });
    expect([...kept.userOffsets]).toEqual([0, 2, 4, 5]);
    const again = store([
      [1, 10, 0, 5],
      [1, 11, 1, 5],
      [2, 11, 1, 5],
      [2, 10, 2, 5],
      [3, 10, 3, 5],
    ]);
    for (const keep of ['first', 'last'] as const) {
      expect([...dedupe(again, { by: 'item', keep }).userOffsets]).toEqual([0, 2, 4, 5]);
    }
    // The same moment, too: events of two users are never repetitions of each other.
    expect(dedupe(again, { keep: 'last' }).numEvents).toBe(5);
  });

  it('dedupe: items without an event stay in the corpus', () => {
    const listed = interactionsFromArrays({
      name: 'listed',
      users: [1, 1],
      items: [10, 10],
      timestamps: [0, 0],
      catalogue: [{ item: 9 }, { item: 10 }, { item: 11 }],
    });
    const kept = dedupe(listed);
    expect([kept.numEvents, kept.numItems]).toEqual([1, 3]);
    expect(kept.items.external(kept.itemIds[0])).toBe('10');
  });
});

describe('refusals', () => {
  it.each([
    [() => minRating(i, { rating: Number.NaN }), 'minRating: expected a finite rating; got NaN'],
    [() => minLength(i, { length: 0 }), 'minLength: expected length of 1 or more; got 0'],
    [() => minLength(i, { length: 1.5 }), 'minLength: expected length of 1 or more; got 1.5'],
    [() => kCore(i, { users: 1, items: 0 }), 'kCore: expected items of 1 or more; got 0'],
    [
      () => minRating(i, { rating: 9 }),
      'minRating: expected some events to stay; got none of the 6 of store ({"rating":9})',
    ],
  ])('%#', (call, message) => {
    expect(call).toThrow(message);
  });
});
