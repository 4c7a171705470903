import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countRules, shuffledSequences } from './n-grams.ts';

const of = (...items: number[]) => Int32Array.from(items);

it('rules are runs of items that occur often enough', () => {
  const sequences = [of(1, 2, 3), of(1, 2, 4), of(2, 1)];
  expect([1, 2, 3].map((support) => countRules(sequences, 2, support))).toEqual([4, 1, 0]);
  expect(countRules(sequences, 3, 1)).toBe(2);
  expect(countRules(sequences, 4, 1)).toBe(0);
});

it('shuffled sequences hold the same items, and depend on the seed', () => {
  const sequence = Int32Array.from({ length: 30 }, (_, i) => i);
  const [once] = shuffledSequences([sequence], 1);
  expect(shuffledSequences([sequence], 1)[0]).toEqual(once);
  expect(shuffledSequences([sequence], 2)[0]).not.toEqual(once);
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 9 }))), (lists) => {
      const sequences = lists.map((items) => Int32Array.from(items));
      const shuffled = shuffledSequences(sequences, 7);
      expect(shuffled.map((items) => items.toSorted())).toEqual(sequences.map((items) => items.toSorted()));
    }),
  );
});

it('a world where order is all has its rules in order, and few when shuffled', () => {
  // Every user goes 1, 2, ..., 20.
  const sequences = Array.from({ length: 50 }, () => Int32Array.from({ length: 20 }, (_, i) => i + 1));
  expect(countRules(sequences, 2, 20)).toBe(19);
  expect(countRules(shuffledSequences(sequences, 1), 2, 20)).toBe(0);
});
