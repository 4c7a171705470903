import fc from 'fast-check';
import { expect, it } from 'vitest';
import { historyCost, partBounds } from '../tasks/part.ts';
import { rankWork } from './cut.ts';

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [s, length] of lengths.entries()) offsets[s + 1] = offsets[s] + length;
  return offsets;
}

it('ranks get neighbours, every sequence once, and at most a history more than their share of the cost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 80 }),
      (lengths, ranks) => {
        const offsets = offsetsOf(lengths);
        const bounds = partBounds(offsets, ranks);
        expect([bounds.length, bounds[0], bounds[ranks]]).toEqual([ranks + 1, 0, lengths.length]);
        const { tokens, sequences, cost } = rankWork(offsets, bounds);
        const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
        expect(sum(tokens)).toBe(sum(lengths));
        expect(sum(sequences)).toBe(lengths.length);
        const all = sum(lengths.map(historyCost));
        expect(sum(cost)).toBeCloseTo(all, 6);
        const longest = Math.max(0, ...lengths.map(historyCost));
        for (const own of cost) expect(own).toBeLessThanOrEqual(all / ranks + longest + 1e-6);
      },
    ),
  );
});

it('equal histories are cut into equal ranges', () => {
  expect([...partBounds(offsetsOf(new Array(12).fill(5)), 4)]).toEqual([0, 3, 6, 9, 12]);
  expect([...partBounds(offsetsOf(new Array(12).fill(0)), 3)]).toEqual([0, 4, 8, 12]);
});
