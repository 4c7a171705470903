import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partitionPoint } from './partition-point.ts';

const sorted = fc.array(fc.integer({ min: 0, max: 9 })).map((values) => values.toSorted((a, b) => a - b));

it('is what a scan finds, ties on either side', () => {
  fc.assert(
    fc.property(sorted, fc.integer({ min: -1, max: 10 }), fc.nat(12), fc.nat(12), (values, x, a, b) => {
      const [from, to] = [Math.min(a, b, values.length), Math.min(Math.max(a, b), values.length)];
      const scan = (holds: (value: number) => boolean): number => {
        const found = values.slice(from, to).findIndex((value) => !holds(value));
        return found < 0 ? to : from + found;
      };
      expect(partitionPoint(from, to, (i) => values[i] < x)).toBe(scan((value) => value < x));
      expect(partitionPoint(from, to, (i) => values[i] <= x)).toBe(scan((value) => value <= x));
    }),
  );
});
