import { OptionError } from '../errors.ts';
import type { ProblemLog, RowProblem } from '../problems.ts';
import { plainNumber } from './plain-number.ts';
import { quoted } from './rating-rows.ts';

/** A column by name (files with a header) or by 0-based position. */
export type ColumnRef = string | number;

/** Positions of the wanted columns in a record. */
export type ColumnPositions<K extends string> = { readonly [P in K]?: number };

/**
 * Finds the columns of a mapping in the first record.
 *
 * @throws {OptionError} `missing-column`, with the key of the mapping, when a column is not there
 */
export function locateColumns<K extends string>(
  operation: string,
  mapping: { readonly [P in K]?: ColumnRef },
  fields: readonly string[],
  header: boolean,
  place: { readonly file: string; readonly entry?: string },
): ColumnPositions<K> {
  const names = fields.map((field) => field.trim());
  const found: { [P in K]?: number } = {};
  for (const [key, column] of Object.entries(mapping) as [K, ColumnRef | undefined][]) {
    if (column === undefined) continue;
    const at = typeof column === 'number' ? column : header ? names.indexOf(column) : -1;
    if (Number.isInteger(at) && at >= 0 && at < fields.length) {
      found[key] = at;
      continue;
    }
    const expected = typeof column === 'number' ? `column ${column}` : `a column "${column}"`;
    throw new OptionError(operation, `expected ${expected} for ${key}; got ${quotedList(names)}`, {
      code: 'missing-column',
      ...place,
      line: 1,
      column,
      key: `columns.${key}`,
      hint: hintFor(column, names, header),
    });
  }
  return found;
}

function quotedList(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => `"${name}"`);
  return names.length > 12 ? `${shown.join(', ')}, ...` : shown.join(', ');
}

function hintFor(column: ColumnRef, names: readonly string[], header: boolean): string | undefined {
  if (typeof column === 'number') return `columns are counted from 0, the file has ${names.length}`;
  if (!header) return 'without a header columns are given by position';
  const near = names.find((name) => name.toLowerCase() === column.toLowerCase());
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

/** The problem of an id, if any: empty, negative, or not decodable. */
export function checkId(text: string, column: 'user' | 'item'): RowProblem | undefined {
  const id = column === 'item' ? 'an item id' : 'a user id';
  if (text === '' || text.trim() === '') {
    return { reason: 'missing-id', column, message: `expected ${id}; got an empty field` };
  }
  // A negative number is how some exports write "none".
  if (text.charCodeAt(0) === 45 && /^-\d+$/.test(text)) {
    return { reason: 'negative-id', column, message: `expected ${id} of 0 or more; got ${quoted(text)}` };
  }
  if (text.includes('\ufffd')) {
    return {
      reason: 'bad-encoding',
      column,
      message: `expected valid UTF-8 in the ${column} id; got ${quoted(text)}`,
      hint: "set encoding: 'latin1' if the file is older than UTF-8",
    };
  }
  return undefined;
}

/** A finite number, or its problem. */
export function parseRating(text: string): number | RowProblem {
  const plain = plainNumber(text);
  if (plain >= 0) return plain;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  return { reason: 'bad-rating', column: 'rating', message: `expected a finite rating; got ${quoted(text)}` };
}

/** Reports a problem and says whether there was one. */
export function reported<T>(log: ProblemLog, line: number, value: T | RowProblem | undefined): value is RowProblem {
  if (typeof value !== 'object' || value === null || !('reason' in value)) return false;
  log.report(line, value);
  return true;
}
