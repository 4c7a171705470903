import { expect, it } from 'vitest';
import { parseTime } from './time.ts';

it.each(['+15:00', '+99:99', '-01:60', '+0575'])('a date in the zone %s is none', (zone) => {
  expect(parseTime(`2011-03-13T07:06:40${zone}`, 'iso')).toMatchObject({ reason: 'bad-time' });
});

it.each([
  ['+14:00', 14],
  ['-09:30', -9.5],
  ['+0545', 5.75],
  ['+02', 2],
])('a date in the zone %s is %d hours east', (zone, hours) => {
  const utc = Date.UTC(2011, 2, 13, 7, 6, 40) / 1000;
  expect(parseTime(`2011-03-13T07:06:40${zone}`, 'iso')).toBe(utc - 3600 * hours);
});
