import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nthLargest } from './nth-largest.ts';

it('is what a sort has at that place, with equal and infinite values', () => {
  const value = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(), (drawn, first, second) => {
      const count = 1 + (first % drawn.length);
      const n = 1 + (second % count);
      const values = Float64Array.from(drawn);
      const sorted = values.slice(0, count).sort().reverse();
      // 0 and -0 are one value.
      expect(nthLargest(values, count, n) + 0).toBe(sorted[n - 1] + 0);
      expect([...values]).toEqual(drawn);
    }),
  );
});
