import { describe, expect, it } from 'vitest';
import { cases } from '../../test/conformance/cases.ts';
import { pairwise } from '../../test/conformance/pairs.ts';

describe('pairwise', () => {
  it('lets every two values of two dimensions meet, in few rows', () => {
    const values = { a: [1, 2, 3, 4, 5], b: ['x', 'y', 'z'], c: [false, true], d: [7, 8, 9, 10], e: ['only'] };
    const rows = pairwise<{ a: number; b: string; c: boolean; d: number; e: string }>(values);
    const names = Object.keys(values) as (keyof typeof values)[];
    for (const p of names) {
      for (const q of names.slice(names.indexOf(p) + 1)) {
        for (const v of values[p]) {
          for (const w of values[q]) expect(rows.some((row) => row[p] === v && row[q] === w)).toBe(true);
        }
      }
    }
    // At least 5 x 4; all combinations are 120.
    expect(rows.length).toBeLessThanOrEqual(26);
    expect(pairwise(values)).toEqual(rows);
  });
});

describe('every case has edges', () => {
  it.each(cases)('$name', ({ countEdges }) => expect(countEdges()).toBeGreaterThan(10));
});
