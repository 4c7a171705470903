import type { RowProblem } from '../problems.ts';
import { checkTime } from './time.ts';

/** One row of a ratings file: all four fields are numbers. Reused from row to row. */
export interface RatingRow {
  user: number;
  item: number;
  rating: number;
  time: number;
}

const digit0 = 48;
const dot = 46;

/**
 * Reads `user SEP item SEP rating SEP time` from bytes, without making strings.
 *
 * The fast path takes plain decimal numbers only; anything else is left to `explainRow`, which says what is wrong.
 * @returns whether the row was read
 */
export function parseRatingRow(
  bytes: Uint8Array,
  start: number,
  end: number,
  separator: Uint8Array,
  row: RatingRow,
): boolean {
  let at = start;
  for (let field = 0; field < 4; field++) {
    let value = 0;
    let digits = 0;
    while (at < end) {
      const d = bytes[at] - digit0;
      if (d < 0 || d > 9) break;
      value = value * 10 + d;
      digits++;
      at++;
    }
    if (digits === 0 || digits > 15) return false;
    if (field === 2 && at < end && bytes[at] === dot) {
      let scale = 0.1;
      at++;
      while (at < end) {
        const d = bytes[at] - digit0;
        if (d < 0 || d > 9) break;
        value += d * scale;
        scale /= 10;
        at++;
      }
    }
    if (field === 0) row.user = value;
    else if (field === 1) row.item = value;
    else if (field === 2) row.rating = value;
    else row.time = value;
    if (field === 3) break;
    for (let s = 0; s < separator.length; s++) if (bytes[at++] !== separator[s]) return false;
    if (at > end) return false;
  }
  return at === end && checkTime(row.time) === undefined;
}

const names = ['user', 'item', 'rating', 'time'] as const;

/** Why `parseRatingRow` refused a row. */
export function explainRow(text: string, separator: string): RowProblem {
  const fields = text.split(separator);
  if (fields.length !== 4) {
    const shown = separator === '\t' ? 'a tab' : `"${separator}"`;
    return {
      reason: 'wrong-field-count',
      message: `expected 4 fields separated by ${shown}; got ${fields.length} in ${quoted(text)}`,
    };
  }
  for (let f = 0; f < 4; f++) {
    const problem = explainField(names[f], fields[f]);
    if (problem !== undefined) return problem;
  }
  return { reason: 'bad-row', message: `expected plain decimal numbers; got ${quoted(text)}` };
}

function explainField(column: (typeof names)[number], text: string): RowProblem | undefined {
  if (column === 'rating') {
    if (/^\d+(\.\d*)?$/.test(text)) return undefined;
    return { reason: 'bad-rating', column, message: `expected a rating such as 4 or 3.5; got ${quoted(text)}` };
  }
  if (column === 'time') {
    if (!/^-?\d+$/.test(text)) {
      return { reason: 'bad-time', column, message: `expected seconds since 1970; got ${quoted(text)}` };
    }
    return checkTime(Number(text));
  }
  if (/^-\d+$/.test(text)) {
    return {
      reason: 'negative-id',
      column,
      message: `expected ${column === 'item' ? 'an' : 'a'} ${column} id of 0 or more; got ${quoted(text)}`,
    };
  }
  if (/^\d{1,15}$/.test(text)) return undefined;
  return { reason: 'bad-id', column, message: `expected a whole number as ${column} id; got ${quoted(text)}` };
}

/** A field for an error message: quoted, and cut when long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
