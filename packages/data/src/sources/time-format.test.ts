import { expect, it } from 'vitest';
import { OptionError } from '../index.ts';
import { timeFormat } from './time-format.ts';

const minute = Date.UTC(2011, 2, 13, 13, 5) / 1000;

it.each([
  ['%d.%m.%Y %H:%M', '13.03.2011 13:05'],
  ['%d %b %y %I:%M %p', '13 Mar 11 01:05 pm'],
  ['%Y%m%d%%%H%%%M%z', '20110313%14%05+0100'],
])('%s reads %s', (pattern, text) => {
  expect(timeFormat(pattern)(text)).toBe(minute);
});

it.each([
  ['%d.%m.%Y %I:%M', 'expected %I and %p together; got "%d.%m.%Y %I:%M"; hours to 23 are %H'],
  ['%d.%m.%Y %H:%M %p', 'expected %I and %p together'],
  ['%d.%m.%Y %%I:%M %p', 'expected %I and %p together'],
  ['%d.%d.%Y', 'expected %d once; got "%d.%d.%Y"'],
  ['%m.%Y %%d', 'expected a year, a month and a day'],
  ['%d.%m.%Y %j', 'expected the directives'],
])('%s is refused', (pattern, message) => {
  expect(() => timeFormat(pattern)).toThrow(OptionError);
  expect(() => timeFormat(pattern)).toThrow(message);
});

it.each(['13:05 pm', '0:05 am'])('no clock of twelve hours says %s', (time) => {
  expect(timeFormat('%d.%m.%Y %I:%M %p')(`13.03.2011 ${time}`)).toMatchObject({ reason: 'bad-time' });
});

it('a zone that no clock has is no time', () => {
  expect(timeFormat('%Y-%m-%d%z')('2011-03-13+15')).toMatchObject({ reason: 'bad-time' });
});

it('four digits are the year that they say', () => {
  expect(timeFormat('%Y-%m-%d')('0075-06-01')).toMatchObject({ reason: 'time-out-of-range' });
  expect(timeFormat('%y-%m-%d')('75-06-01')).toBe(Date.UTC(1975, 5, 1) / 1000);
});
