import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowCache } from './row-cache.ts';
import { RowDirectory } from './row-directory.ts';

describe('RowDirectory', () => {
  it('is a map, whatever is added and removed', () => {
    const operation = fc.tuple(
      fc.boolean(),
      fc.integer({ min: 0, max: 2 ** 31 - 2 }).chain((id) => fc.constantFrom(id, id % 7)),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const directory = new RowDirectory(8);
        const map = new Map<number, number>();
        for (const [adds, id] of operations) {
          if (adds && map.size < 8 && !map.has(id)) {
            directory.add(id, map.size + 1);
            map.set(id, map.size + 1);
          } else if (!adds && map.has(id)) {
            directory.remove(id);
            map.delete(id);
          }
          expect(directory.find(id)).toBe(map.get(id) ?? -1);
          for (const [other, slot] of map) expect(directory.find(other)).toBe(slot);
        }
      }),
    );
  });
});

describe('RowCache', () => {
  const ask = (cache: RowCache, id: number): boolean => {
    cache.nextTurn();
    const slot = cache.find(id);
    if (slot < 0) cache.claim(id);
    else cache.touch(slot);
    return slot >= 0;
  };

  it('keeps what is used often while others come by once', () => {
    const cache = new RowCache(10, 15);
    for (let round = 0; round < 4; round++) for (let id = 0; id < 5; id++) ask(cache, id);
    for (let id = 100; id < 115; id++) ask(cache, id);
    for (let id = 0; id < 5; id++) expect(cache.find(id)).toBeGreaterThanOrEqual(0);
    const plain = new RowCache(10, 1);
    for (let round = 0; round < 4; round++) for (let id = 0; id < 5; id++) ask(plain, id);
    for (let id = 100; id < 115; id++) ask(plain, id);
    expect([0, 1, 2, 3, 4].filter((id) => plain.find(id) >= 0)).toEqual([]);
  });

  it('never gives away a slot that is pinned, and says who was evicted', () => {
    const cache = new RowCache(4);
    const owner = new Map<number, number>();
    for (let id = 0; id < 4; id++) owner.set(cache.claim(id).slot, id);
    cache.dirty[cache.find(2)] = 1;
    cache.nextTurn();
    expect(cache.pin(cache.find(1))).toBe(true);
    expect(cache.pin(cache.find(1))).toBe(false);
    expect(cache.pins).toBe(1);
    for (const id of [10, 11, 12]) {
      const { slot, evicted, isDirty } = cache.claim(id);
      expect(evicted).toBe(owner.get(slot));
      expect(isDirty).toBe(evicted === 2);
    }
    expect(cache.find(1)).toBeGreaterThanOrEqual(0);
    expect([0, 2, 3].map((id) => cache.find(id))).toEqual([-1, -1, -1]);
  });
});
