import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowSet, ShapeError } from '../index.ts';

describe('rowSet', () => {
  // Of 10^8 rows they are sorted.
  it.each([201, 100_000_000])('finds the distinct ids of %i rows in order and the place of each', (rows) => {
    const ids = fc.array(fc.oneof(fc.nat(200), fc.constantFrom(0, 31, 32, 63, 64, 200, rows - 1)), { maxLength: 80 });
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 3 }), (lists) => {
        const typed = lists.map((list) => Int32Array.from(list));
        const set = rowSet(rows, typed);
        expect([...set.ids]).toEqual([...new Set(lists.flat())].sort((a, b) => a - b));
        for (const list of typed) expect(set.indicesOf(list).map((place) => set.ids[place])).toEqual(list);
      }),
    );
  });

  it('names an id outside', () => {
    const message = 'rowSet: expected ids from 0 to 9; got 10 at position 1';
    expect(() => rowSet(10, [Int32Array.of(3, 10)])).toThrow(ShapeError);
    expect(() => rowSet(10, [Int32Array.of(3, 10)])).toThrow(message);
    expect(() => rowSet(10, [Int32Array.of(-1)])).toThrow('got -1');
  });
});
