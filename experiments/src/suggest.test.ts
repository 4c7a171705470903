import { expect, test } from 'vitest';
import { suggestion } from './suggest.ts';

test('a near miss is suggested, a far one lists what is known', () => {
  expect(suggestion('trian', ['train', 'report'])).toBe('did you mean train?');
  expect(suggestion('xyzzy', ['train', 'report'], '--')).toBe('known: --train, --report');
});
