import { streamKey } from '@seqrec/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainHash } from '../test-support/plain-tables.ts';
import { hash64, hashedRows, hashedSigns, shareRows } from './hash-rows.ts';

it('is SplitMix64, as 64-bit integers have it', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 2 ** 53 - 2 }), (name, id) => {
      const { k0, k1 } = streamKey(0, `hash/${name}`);
      const { high, low } = hash64(id, { high: k0, low: k1 });
      expect((BigInt(high) << 32n) | BigInt(low)).toBe(plainHash(name, id));
    }),
  );
});

it('takes 64-bit words modulo the rows', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (field, rows) => {
      const got = hashedRows(field, 3, 5, rows);
      expect([...got]).toEqual(
        Array.from({ length: 5 }, (_, id) => Number(plainHash(`${field}/3`, id) % BigInt(rows))),
      );
    }),
  );
});

describe('hashes', () => {
  const COUNT = 100_000;

  it('of other fields and chunks, and signs, are independent of each other', () => {
    const one = hashedRows('user', 0, COUNT, 16);
    const others = {
      field: hashedRows('item', 0, COUNT, 16),
      chunk: hashedRows('user', 1, COUNT, 16),
      sign: hashedSigns('user', 0, COUNT).map((sign) => (sign + 1) / 2),
    };
    for (const [name, other] of Object.entries(others)) {
      const width = name === 'sign' ? 2 : 16;
      const cells = new Float64Array(16 * width);
      for (let id = 0; id < COUNT; id++) cells[one[id] * width + other[id]]++;
      const expected = COUNT / cells.length;
      const chi = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      const degrees = cells.length - 1;
      // 3.3 standard deviations of a chi-square: one of two thousand goes beyond.
      expect(Math.abs(chi - degrees), name).toBeLessThan(3.3 * Math.sqrt(2 * degrees));
    }
  });

  it.each([10_000, 100_000, 1_000_000])(
    'of all ids fall on as many of %i rows as the birthday formula says',
    (rows) => {
      const distinct = new Set(hashedRows('item', 0, COUNT, rows)).size;
      const collided = 1 - distinct / COUNT;
      const expected = 1 - (rows / COUNT) * (1 - (1 - 1 / rows) ** COUNT);
      expect(collided / expected).toBeGreaterThan(0.98);
      expect(collided / expected).toBeLessThan(1.02);
    },
  );
});

describe('rows shared out', () => {
  it('are equal, none more than its ids, and what small fields leave goes to the others', () => {
    expect(shareRows([3, 1000, 500], 303)).toEqual([3, 150, 150]);
    expect(shareRows([1000, 120, 500], 620)).toEqual([250, 120, 250]);
    expect(shareRows([5, 6], 100)).toEqual([5, 6]);
    expect(shareRows([5, 6], 1)).toEqual([1, 1]);
  });

  it('are all of them, when there are ids enough', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 4000 }), (of, rows) => {
        const shares = shareRows(of, rows);
        const total = shares.reduce((sum, share) => sum + share, 0);
        const ids = of.reduce((sum, size) => sum + size, 0);
        expect(shares.every((share, f) => share >= 1 && share <= of[f])).toBe(true);
        expect(total).toBe(Math.max(of.length, Math.min(rows, ids)));
      }),
    );
  });
});
