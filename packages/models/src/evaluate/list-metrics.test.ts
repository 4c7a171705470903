import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { giniOfItems, interestEntropy, p90Coverage } from './list-metrics.ts';

describe('interestEntropy', () => {
  const interests: Readonly<Record<number, string[]>> = { 1: ['a'], 2: ['b'], 3: [], 4: ['a', 'b'], 5: ['a'] };
  const of = (...lists: readonly (readonly number[])[]): number => interestEntropy(lists, (item) => interests[item]);

  it('of items without interests, and of no lists, is that of the others, and 0', () => {
    expect(of([1, 2])).toBeCloseTo(Math.LN2, 12);
    // An item without interests takes no part: still half and half.
    expect(of([1, 3, 2, 3, 3])).toBeCloseTo(Math.LN2, 12);
    expect(of([3])).toBe(0);
    expect(of([])).toBe(0);
    expect(of()).toBe(0);
  });

  it('shares the place of an item among its interests, and is a mean over lists', () => {
    // a: 1 + 1/2 of two places.
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
    expect(of([1, 4])).toBeCloseTo(entropy, 12);
    expect(of([1, 4], [1, 5], [2, 1])).toBeCloseTo((entropy + 0 + Math.LN2) / 3, 12);
  });
});

describe('p90Coverage', () => {
  it('counts the most frequent items first, whatever the order in which they come', () => {
    const often = (item: number, times: number): number[][] => Array.from({ length: times }, () => [item]);
    // 1 + 9 of 10 places: item 2 alone is 90 %.
    expect(p90Coverage([...often(1, 1), ...often(2, 9)], 4)).toBe(1 / 4);
    expect(p90Coverage([...often(1, 1), ...often(3, 2), ...often(2, 8)], 4)).toBe(2 / 4);
    // 89 of 100 are not enough.
    expect(p90Coverage([...often(1, 11), ...often(2, 89)], 4)).toBe(2 / 4);
    expect(p90Coverage([[1, 2, 3, 4]], 4)).toBe(1);
    expect(p90Coverage([], 4)).toBe(0);
  });
});

describe('giniOfItems', () => {
  it('is 0 where all items stand equally often, and 1 - 1/I where one has every place', () => {
    expect(
      giniOfItems(
        [
          [1, 2],
          [3, 4],
        ],
        4,
      ),
    ).toBeCloseTo(0, 12);
    expect(giniOfItems([[2], [2], [2]], 5)).toBeCloseTo(0.8, 12);
    expect(giniOfItems([], 5)).toBe(0);
  });

  it('is half the mean difference of two counts over their mean', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }).chain((items) =>
          fc.record({
            items: fc.constant(items),
            lists: fc.array(fc.array(fc.integer({ min: 1, max: items }), { minLength: 1, maxLength: 6 }), {
              minLength: 1,
              maxLength: 20,
            }),
          }),
        ),
        ({ items, lists }) => {
          const counts = Array.from({ length: items }, (_, i) => lists.flat().filter((item) => item === i + 1).length);
          const differences = counts.flatMap((a) => counts.map((b) => Math.abs(a - b)));
          const mean = counts.reduce((sum, count) => sum + count, 0) / items;
          const meanDifference = differences.reduce((sum, each) => sum + each, 0) / items ** 2;
          expect(giniOfItems(lists, items)).toBeCloseTo(meanDifference / (2 * mean), 10);
        },
      ),
      { numRuns: 200 },
    );
  });
});

it('Gini refuses items beyond the catalogue', () => {
  for (const item of [0, 4, -1])
    expect(() => giniOfItems([[1, item]], 3)).toThrow(`lists: expected items in 1..3; got ${item} at place 2`);
});
