import { OptionError } from '../errors.ts';
import type { RowProblem } from '../problems.ts';
import { quoted } from './rating-rows.ts';
import { checkTime, dateSeconds, markedSeconds, zoneSeconds } from './time.ts';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What a directive of strptime matches. */
const directives: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  y: '(?<y>\\d{2})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  I: '(?<I>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  f: '(?<f>\\d{1,9})',
  p: '(?<p>[AaPp][Mm])',
  b: '(?<b>[A-Za-z]{3})',
  B: '(?<B>[A-Za-z]{3,9})',
  z: '(?<z>[Zz]|[+-]\\d{2}:?\\d{2}|[+-]\\d{2})',
  '%': '%',
};

/**
 * Seconds of times written by a pattern of strptime, as `%d.%m.%Y %H:%M`: Y y m d H I p M S f b B z; UTC without `%z`.
 *
 * @throws {OptionError} for a pattern with another directive or one twice, without a day, and with one of %I and %p
 */
export function timeFormat(pattern: string): (text: string) => number | RowProblem {
  const wrong = (expected: string, got: string, hint?: string): OptionError =>
    new OptionError('timeFormat', `expected ${expected}; got "${got}"`, { key: 'timeFormat', hint });
  const used = new Set<string>();
  const source = pattern.replace(/%(.)|[\\^$.*+?()[\]{}|]/gs, (match, directive: string | undefined) => {
    if (directive === undefined) return `\\${match}`;
    const found = directives[directive];
    if (found === undefined) {
      const known = Object.keys(directives).map((d) => `%${d}`);
      throw wrong(`the directives ${known.join(' ')}`, `%${directive}`);
    }
    if (used.has(directive) && directive !== '%') throw wrong(`%${directive} once`, pattern);
    used.add(directive);
    return found;
  });
  if (!['Yy', 'mbB', 'd'].every((part) => [...part].some((directive) => used.has(directive))))
    throw wrong('a year, a month and a day', pattern, 'for example %d.%m.%Y %H:%M');
  if (used.has('I') !== used.has('p'))
    throw wrong('%I and %p together', pattern, 'hours to 23 are %H, those to 12 %I with %p');
  const expression = new RegExp(`^${source}$`);
  return (text) => {
    const marked = markedSeconds(text);
    const seconds = Number.isNaN(marked) ? secondsOf(expression.exec(text.trim())?.groups) : marked;
    if (!Number.isNaN(seconds)) return checkTime(seconds, 'iso') ?? seconds;
    return { reason: 'bad-time', column: 'time', message: `expected a time written ${pattern}; got ${quoted(text)}` };
  };
}

function secondsOf(parts: Readonly<Record<string, string | undefined>> | undefined): number {
  if (parts === undefined) return Number.NaN;
  const { Y, y, m, b, B, d, H, I, p, M = '0', S = '0', f, z } = parts;
  // Two digits as POSIX has them: 69 to 99 are of the last century.
  const year = Y !== undefined ? Number(Y) : Number(y) + (Number(y) < 69 ? 2000 : 1900);
  const month = m !== undefined ? Number(m) : months.indexOf((b ?? B ?? '').slice(0, 3).toLowerCase()) + 1;
  if (I !== undefined && (Number(I) < 1 || Number(I) > 12)) return Number.NaN;
  const hour = I === undefined ? Number(H ?? 0) : (Number(I) % 12) + (/^p/i.test(p ?? '') ? 12 : 0);
  const whole = dateSeconds({ year, month, day: Number(d), hour, minute: Number(M), second: Number(S) });
  return whole + (f === undefined ? 0 : Number(`0.${f}`)) - zoneSeconds(z);
}
