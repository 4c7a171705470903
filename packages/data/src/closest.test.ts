import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closest, editDistance } from './closest.ts';

test('finds one wrong letter, two swapped ones, and what a word begins, and nothing for another word', () => {
  expect(closest('numBlock', ['numBlocks', 'numHeads'])).toBe('numBlocks');
  expect(closest('trian', ['train', 'report'])).toBe('train');
  expect(closest('xyzzy', ['train', 'report'])).toBeUndefined();
  expect(closest('dkq', ['dqk', 'dv'])).toBe('dqk');
  expect(closest('temperature', ['numHeads', 'numBlocks'])).toBeUndefined();
  expect(closest('TIME', ['user', 'timestamp'])).toBe('timestamp');
});

test('the distance counts one for each insertion, deletion, replacement and swap', () => {
  expect(editDistance('abc', 'abc')).toBe(0);
  expect(editDistance('abc', 'acb')).toBe(1);
  expect(editDistance('abc', 'abd')).toBe(1);
  expect(editDistance('abc', '')).toBe(3);
});

test('the distance is symmetric and bounded by the longer word', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance === 0).toBe(a === b);
    }),
  );
});
