import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ascendingPositions, sortPositions } from './sorting.ts';

const keys = fc
  .array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true })), { maxLength: 200, size: 'max' })
  .map((values) => Float64Array.from(values));

it('sorts positions by key, equal keys by position', () => {
  fc.assert(
    fc.property(keys, (values) => {
      // -0 and 0 are the same time.
      const expected = [...values.keys()].sort((a, b) =>
        values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : a - b,
      );
      expect([...ascendingPositions(values)]).toEqual(expected);
    }),
  );
});

it('sorts a part, and leaves the rest of the order alone', () => {
  const order = new Uint32Array(40).fill(7);
  const values = Float64Array.from({ length: 60 }, (_, i) => 60 - i);
  sortPositions(values, 20, 33, order, new Uint32Array(33));
  expect([...order.subarray(0, 33)]).toEqual(Array.from({ length: 33 }, (_, i) => 32 - i));
  expect([...order.subarray(33)]).toEqual(new Array(7).fill(7));
});
