import { describe, expect, it } from 'vitest';
import { interestEntropy, p90Coverage } from './list-metrics.ts';

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
