import { expect, it } from 'vitest';
import { meanJaccard } from './jaccard.ts';

it('is the share of the items of either list that both have, and 1 of two empty lists', () => {
  const lists = (...items: readonly number[][]) => items.map((list) => Int32Array.from(list));
  expect(meanJaccard(lists([1, 2, 3]), lists([3, 2, 4]))).toBe(0.5);
  expect(meanJaccard(lists([1, 2], []), lists([3, 4], []))).toBe(0.5);
  expect(meanJaccard(lists([1], []), lists([], [1]))).toBe(0);
});
