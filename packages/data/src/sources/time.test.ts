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

it.each(['0000-03-01', '0075-06-01', '0099-12-31', '0100-01-01'])('the year of %s is as it is written', (text) => {
  expect(parseTime(text, 'iso')).toMatchObject({ reason: 'time-out-of-range' });
});

it('a leap second is the first of what follows, at the end of a month too', () => {
  expect(parseTime('2016-12-31T23:59:60', 'iso')).toBe(Date.UTC(2017, 0, 1) / 1000);
  expect(parseTime('2016-02-30T00:00:00', 'iso')).toMatchObject({ reason: 'bad-time' });
});
