import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partOf } from '../../../test/part.ts';
import { canonicalInteger, Interner, smallInteger } from './interner.ts';

const anyId = fc.oneof(
  fc.nat({ max: 60 }).map(String),
  fc.nat({ max: 2 ** 25 }).map(String),
  fc.maxSafeNat().map(String),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('007', '-1', '16777215', '16777216', '9007199254740991', '9007199254740993', '1e3', ' 1', ''),
);

describe('Interner', () => {
  it('does what a Map does', () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 300, size: 'max' }), (ids) => {
        const interner = new Interner();
        const map = new Map<string, number>();
        for (const id of ids) {
          expect(interner.find(id)).toBe(map.get(id));
          if (!map.has(id)) map.set(id, map.size);
          expect(interner.intern(id)).toBe(map.get(id));
        }
        expect(interner.size).toBe(map.size);
        expect(interner.texts()).toEqual([...map.keys()]);
        const all = interner.ids();
        expect(all.kind).toBe([...map.keys()].every((id) => canonicalInteger(id) >= 0) ? 'integer' : 'text');
        expect(Array.from(all.values, String)).toEqual([...map.keys()]);
      }),
      { numRuns: partOf(100, 4) },
    );
  });

  it('finds every one of many ids after its tables have grown', () => {
    const interner = new Interner();
    const ids = Array.from({ length: 20_000 }, (_, i) => (i % 3 === 0 ? `u${i}` : String(i * 7919)));
    ids.forEach((id, code) => {
      expect(interner.intern(id)).toBe(code);
    });
    ids.forEach((id, code) => {
      expect(interner.find(id)).toBe(code);
      expect(interner.external(code)).toBe(id);
    });
  });

  it('keeps texts of any length', () => {
    const interner = new Interner();
    for (const length of [4095, 4096, 65_535, 65_536, 70_000]) {
      const id = 'x'.repeat(length);
      expect(interner.external(interner.intern(id))).toBe(id);
    }
    expect(interner.size).toBe(5);
  });

  it('resolves a column of integers and codes as looking up one by one would', () => {
    fc.assert(
      fc.property(fc.array(anyId, { minLength: 1, maxLength: 100 }), (ids) => {
        const interner = new Interner();
        const column = Int32Array.from(ids, (id) => {
          const value = smallInteger(id);
          return value >= 0 ? value : -1 - interner.intern(id);
        });
        interner.resolve(column, 0, column.length);
        expect(Array.from(column, (code) => interner.external(code))).toEqual(ids);
      }),
    );
  });
});

describe('canonicalInteger', () => {
  it('is the value when the text is how that value is written, else -1', () => {
    fc.assert(
      fc.property(anyId, (text) => {
        const value = Number(text);
        const canonical = Number.isSafeInteger(value) && value >= 0 && String(value) === text;
        expect(canonicalInteger(text)).toBe(canonical ? value : -1);
      }),
    );
  });
});

it('more ids than codes are an error', () => {
  for (const ids of [
    ['1', '2', '3', '4'],
    ['a', 'b', 'c', 'd'],
  ]) {
    const interner = new Interner(3);
    for (const id of [...ids.slice(0, 3), ids[0]]) interner.intern(id);
    expect(() => interner.intern(ids[3])).toThrow(
      'loadDataset: expected at most 3 distinct ids in a column; got more; is it a column of ids?',
    );
    expect(interner.size).toBe(3);
  }
});
