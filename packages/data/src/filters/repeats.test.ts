import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropRepeats, interactionsFromArrays, kCoreWithoutRepeats } from '../index.ts';

/** Items of each user, in order; events are a second apart. */
const worldOf = (sequences: readonly (readonly number[])[]) =>
  interactionsFromArrays({
    name: 'world',
    users: sequences.flatMap((items, user) => items.map(() => user)),
    items: sequences.flat(),
    timestamps: sequences.flatMap((items) => items.map((_, e) => e)),
  });

const itemsOf = (i: ReturnType<typeof worldOf>) =>
  Array.from({ length: i.numUsers }, (_, u) =>
    Array.from(i.itemIds.subarray(i.userOffsets[u], i.userOffsets[u + 1]), (item) => Number(i.items.external(item))),
  );

describe('repeats', () => {
  it('keep the first of neighbours with the same item, and no more', () => {
    const i = dropRepeats(
      worldOf([
        [1, 1, 2, 2, 2, 1],
        [1, 2],
        [2, 2],
      ]),
    );
    expect(itemsOf(i)).toEqual([[1, 2, 1], [1, 2], [2]]);
    expect([...i.timestamps]).toEqual([0, 2, 5, 0, 1, 0]);
    expect(i.steps.at(-1)?.detail).toContain('4 events, 0 users and 0 items were dropped');
  });

  it('that a filter makes are dropped as well, until nothing changes', () => {
    // Item 9 leaves the core: 1 and 1 become neighbours, and user 0 is left with too few.
    const i = kCoreWithoutRepeats(
      worldOf([
        [1, 9, 1, 2],
        [1, 2, 3],
        [3, 1, 2],
        [2, 3, 1],
      ]),
      { users: 3, items: 3 },
    );
    expect(itemsOf(i)).toEqual([
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ]);
  });

  it('leave a core without neighbours that are the same, whatever the data', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 12 }), {
          minLength: 6,
          maxLength: 12,
        }),
        (sequences) => {
          const core = { users: 2, items: 2 };
          const i = kCoreWithoutRepeats(worldOf([...sequences, [1, 2], [2, 1]]), core);
          const counts = new Map<number, number>();
          for (const items of itemsOf(i)) {
            expect(items.length).toBeGreaterThanOrEqual(core.users);
            expect(items.filter((item, e) => item === items[e - 1])).toEqual([]);
            for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
          }
          for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(core.items);
        },
      ),
    );
  });
});
