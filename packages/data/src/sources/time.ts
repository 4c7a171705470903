import { optionHint, type RowProblem } from '../problems.ts';
import { decimal, plainNumber } from './plain-number.ts';

/** How times are written: a number since 1970 in this unit, or an ISO 8601 date (UTC unless it has a zone). */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns' | 'iso';

export const timeUnits = ['s', 'ms', 'us', 'ns', 'iso'] as const;

export const perSecond = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 } as const;
const unitNames = { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' } as const;

/** 2100-01-01. Later times are milliseconds read as seconds, or nonsense. */
export const latestTime = 4_102_444_800;
/** 1971-01-01: numbers of another unit, days of a spreadsheet and dates written as one number all lie before. */
export const earliestUsual = 31_536_000;

/** The problem of a time in seconds, if any: it must lie in 1970..2100. */
export function checkTime(seconds: number, unit: TimeUnit = 's'): RowProblem | undefined {
  if (seconds >= 0 && seconds < latestTime) return undefined;
  return {
    reason: 'time-out-of-range',
    column: 'time',
    message: `expected a time between 1970 and 2100; got ${seconds} s`,
    ...unitHint(seconds, unit),
  };
}

/** What is wrong with a time of a further column, whose unit stands with the column, and which has no pattern. */
export function inColumn({ hint, option, ...problem }: RowProblem, column: string): RowProblem {
  if (option === undefined) return { ...problem, column, ...(hint && { hint }) };
  if (hint === undefined || option !== 'timeUnit') return { ...problem, column };
  const unit = `columns.${column}.unit`;
  const own = hint.replace('timeUnit: ', 'unit: ').replace('--data.timeUnit ', `--data.${unit} `);
  return { ...problem, column, hint: own, option: unit };
}

/** The unit in which the number would be a time of after 1970. */
export function unitHint(seconds: number, unit: TimeUnit): Pick<RowProblem, 'hint' | 'option'> {
  if (unit === 'iso') return {};
  const value = seconds * perSecond[unit];
  const fits = (['s', 'ms', 'us', 'ns'] as const).find((other) => {
    const time = value / perSecond[other];
    return other !== unit && time >= earliestUsual && time < latestTime;
  });
  if (fits === undefined) return {};
  return { hint: `are these ${unitNames[fits]}? set ${optionHint('timeUnit', fits)}`, option: 'timeUnit' };
}

const isoDate =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(?:\s?(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/i;

/** Seconds since 1970 of an ISO date, NaN when it is not one. Without a zone it is UTC, so no machine disagrees. */
export function isoSeconds(text: string): number {
  const m = isoDate.exec(text);
  if (m === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((g) => Number(m[g] ?? 0));
  return dateSeconds({ year, month, day, hour, minute, second }) + Number(m[7] ?? 0) - zoneSeconds(m[8]);
}

export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Seconds since 1970 of a date in UTC, NaN for one that no calendar has. */
export function dateSeconds({ year, month, day, hour, minute, second }: DateParts): number {
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  // 31 February is rolled over to March.
  const isRolled = date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day;
  if (isRolled || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  return date.setUTCHours(hour, minute, second) / 1000;
}

/** Seconds east of UTC of `+02`, `+0530`, `-03:30`; 0 for none, `Z` and `UTC`; NaN for a zone that no clock has. */
export function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || /^(z|utc)$/i.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  if (hours > 14 || minutes > 59) return Number.NaN;
  return (zone[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

const at = 64;

/** The seconds of `@1300000000.5`, as `date` writes them and DuckDB's times come, whatever the unit; NaN for others. */
export function markedSeconds(text: string): number {
  return text.charCodeAt(0) === at ? decimal(text.slice(1)) : Number.NaN;
}

/** Seconds of a written time, or why it is none. */
export function parseTime(text: string, unit: TimeUnit): number | RowProblem {
  if (unit !== 'iso') {
    const seconds = plainNumber(text) / perSecond[unit];
    if (seconds < latestTime) return seconds;
  }
  const marked = markedSeconds(text);
  if (!Number.isNaN(marked)) return checkTime(marked, 'iso') ?? marked;
  const seconds = unit === 'iso' ? isoSeconds(text.trim()) : decimal(text) / perSecond[unit];
  if (Number.isNaN(seconds)) {
    const expected = unit === 'iso' ? 'an ISO date' : `${unitNames[unit]} since 1970`;
    return {
      reason: 'bad-time',
      column: 'time',
      message: `expected ${expected}; got ${JSON.stringify(text)}`,
      ...dateHint(text, unit),
    };
  }
  return checkTime(seconds, unit) ?? seconds;
}

function dateHint(text: string, unit: TimeUnit): Pick<RowProblem, 'hint' | 'option'> {
  if (unit !== 'iso' && /^\s*\d{4}-\d\d-\d\d/.test(text)) {
    return { hint: `is this a date? set ${optionHint('timeUnit', 'iso')}`, option: 'timeUnit' };
  }
  const date = /^\s*\d{1,2}([./-])\d{1,2}\1\d{4}(?:( )\d\d:\d\d(:\d\d)?)?/.exec(text);
  if (date === null) return /\d,\d/.test(text) ? { hint: 'commas in numbers are not read: write 1300000000.5' } : {};
  const [, dot, blank, seconds] = date;
  const clock = blank === undefined ? '' : ` %H:%M${seconds === undefined ? '' : ':%S'}`;
  const pattern = dot === '/' ? `%m/%d/%Y${clock}` : `%d${dot}%m${dot}%Y${clock}`;
  return {
    hint: `is this a date? say how it is written: ${optionHint('timeFormat', pattern)}`,
    option: 'timeFormat',
  };
}
