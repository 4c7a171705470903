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
 * @throws {OptionError} for a pattern with another directive, or without a day
 */
export function timeFormat(pattern: string): (text: string) => number | RowProblem {
  const source = pattern.replace(/%(.)|[\\^$.*+?()[\]{}|]/gs, (match, directive: string | undefined) => {
    if (directive === undefined) return `\\${match}`;
    const found = directives[directive];
    if (found !== undefined) return found;
    const known = Object.keys(directives).map((d) => `%${d}`);
    throw new OptionError('timeFormat', `expected the directives ${known.join(' ')}; got "%${directive}"`, {
      key: 'timeFormat',
    });
  });
  const missing = [/%[Yy]/, /%[mbB]/, /%d/].filter((needed) => !needed.test(pattern));
  if (missing.length > 0) {
    throw new OptionError('timeFormat', `expected a year, a month and a day; got "${pattern}"`, {
      key: 'timeFormat',
      hint: 'for example %d.%m.%Y %H:%M',
    });
  }
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
  const twelve = I === undefined ? undefined : (Number(I) % 12) + (/^p/i.test(p ?? '') ? 12 : 0);
  const hour = twelve ?? Number(H ?? 0);
  const whole = dateSeconds({ year, month, day: Number(d), hour, minute: Number(M), second: Number(S) });
  return whole + (f === undefined ? 0 : Number(`0.${f}`)) - zoneSeconds(z);
}
