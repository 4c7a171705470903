import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closest, editDistance, suggestion } from './suggest.ts';

test('a near miss is suggested, a far one lists what is known', () => {
  expect(closest('numBlock', ['numBlocks', 'numHeads'])).toBe('numBlocks');
  expect(closest('trian', ['train', 'report'])).toBe('train');
  expect(closest('xyzzy', ['train', 'report'])).toBeUndefined();
  expect(suggestion('trian', ['train', 'report'])).toBe('did you mean train?');
  expect(suggestion('xyzzy', ['train', 'report'], '--')).toBe('known: --train, --report');
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
