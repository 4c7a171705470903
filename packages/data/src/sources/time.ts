import { optionHint, type RowProblem } from '../problems.ts';
import { decimal, plainNumber } from './plain-number.ts';

/** How times are written: seconds or milliseconds since 1970, or an ISO 8601 date (UTC unless it has a zone). */
export type TimeUnit = 's' | 'ms' | 'iso';

/** 2100-01-01. Later times are milliseconds read as seconds, or nonsense. */
export const latestTime = 4_102_444_800;

/** The problem of a time in seconds, if any: it must lie in 1970..2100. */
export function checkTime(seconds: number): RowProblem | undefined {
  if (seconds >= 0 && seconds < latestTime) return undefined;
  return {
    reason: 'time-out-of-range',
    column: 'time',
    message: `expected a time between 1970 and 2100; got ${seconds} s`,
    ...(seconds >= latestTime ? { hint: `are these milliseconds? set ${optionHint('timeUnit', 'ms')}` } : {}),
  };
}

const isoDate = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(?:\s?(Z|UTC|[+-]\d\d:?\d\d))?)?$/;

/** Seconds since 1970 of an ISO date, NaN when it is not one. Without a zone it is UTC, so no machine disagrees. */
export function isoSeconds(text: string): number {
  const m = isoDate.exec(text);
  if (m === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((g) => Number(m[g] ?? 0));
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(milliseconds);
  // Date.UTC rolls 31 February over to March.
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day || hour > 23 || minute > 59 || second > 60) {
    return Number.NaN;
  }
  let zone = 0;
  const z = m[8];
  if (z !== undefined && z !== 'Z' && z !== 'UTC') {
    zone = (z[0] === '-' ? -1 : 1) * (Number(z.slice(1, 3)) * 3600 + Number(z.slice(-2)) * 60);
  }
  return milliseconds / 1000 + Number(m[7] ?? 0) - zone;
}

/** Seconds of a written time, or why it is none. */
export function parseTime(text: string, unit: TimeUnit): number | RowProblem {
  if (unit !== 'iso') {
    const seconds = plainNumber(text) / (unit === 'ms' ? 1000 : 1);
    if (seconds < latestTime) return seconds;
  }
  const seconds = unit === 'iso' ? isoSeconds(text) : decimal(text) / (unit === 'ms' ? 1000 : 1);
  if (Number.isNaN(seconds)) {
    const expected = unit === 'iso' ? 'an ISO date' : unit === 'ms' ? 'milliseconds since 1970' : 'seconds since 1970';
    return {
      reason: 'bad-time',
      column: 'time',
      message: `expected ${expected}; got ${JSON.stringify(text)}`,
      ...(unit !== 'iso' && /^\d{4}-\d\d-\d\d/.test(text)
        ? { hint: `is this a date? set ${optionHint('timeUnit', 'iso')}` }
        : {}),
    };
  }
  return checkTime(seconds) ?? seconds;
}
