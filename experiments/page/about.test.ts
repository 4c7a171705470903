import { expect, it } from 'vitest';
import { timesInWords } from './about.ts';

it('says where made-up times lie, and that there are none in data without times', () => {
  expect(timesInWords(1e9, { append: true, exact: 'bitwise' })).toMatch(/a minute apart, the oldest at the end/);
  expect(timesInWords(1e9, { append: false, exact: 'bitwise' })).toMatch(/a minute apart, the newest at the end/);
  expect(timesInWords(undefined, { append: true, exact: 'bitwise' })).toBe(
    'the data have none: the events of your history count as numbered 0, 1, 2, ...',
  );
});
