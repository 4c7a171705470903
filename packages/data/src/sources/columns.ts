import { closest } from '../closest.ts';
import { OptionError } from '../errors.ts';
import { optionHint, type RowProblem } from '../problems.ts';
import { decimal, plainNumber } from './plain-number.ts';
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
  place: { readonly file: string; readonly entry?: string; readonly line?: number },
  option = 'columns',
): ColumnPositions<K> {
  const names = fields.map((field) => field.trim());
  const found: { [P in K]?: number } = {};
  for (const [key, column] of Object.entries(mapping) as [K, ColumnRef | undefined][]) {
    if (column === undefined) continue;
    const at = typeof column === 'number' ? column : header ? names.indexOf(column) : -1;
    if (typeof column === 'string' && at >= 0 && names.indexOf(column, at + 1) >= 0) {
      throw new OptionError(
        operation,
        `expected one column "${column}" for ${key}; got several: ${quotedList(names)}`,
        {
          code: 'repeated-column',
          ...place,
          column,
          key: `${option}.${key}`,
          hint: 'give the columns of the header different names',
        },
      );
    }
    if (Number.isInteger(at) && at >= 0 && at < fields.length) {
      found[key] = at;
      continue;
    }
    const expected = typeof column === 'number' ? `column ${column}` : `a column "${column}"`;
    throw new OptionError(operation, `expected ${expected} for ${key}; got ${quotedList(names)}`, {
      code: 'missing-column',
      ...place,
      column,
      key: `${option}.${key}`,
      hint: hintFor(`${option}.${key}`, column, names, header),
    });
  }
  return found;
}

function quotedList(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => `"${name}"`);
  return names.length > 12 ? `${shown.join(', ')}, ...` : shown.join(', ');
}

function hintFor(option: string, column: ColumnRef, names: readonly string[], header: boolean): string | undefined {
  if (typeof column === 'number') return `columns are counted from 0, the file has ${names.length}`;
  if (!header) return 'without a header columns are given by position, from 0';
  const near = closest(column, names);
  if (near !== undefined) return `did you mean "${near}"?`;
  const needed = /^(columns\.(user|item)|(users|items)\.id)$/.test(option);
  return `name the column with --data.${option}${needed ? '' : `, or leave it out with --data.${option} none`}`;
}

/** The problem of an id, if any: empty, not decodable, or with control characters in it. */
export function checkId(text: string, column: 'user' | 'item'): RowProblem | undefined {
  const id = column === 'item' ? 'an item id' : 'a user id';
  let control = -1;
  let blank = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 && code !== tab) control = code;
    else if (code > 32 && code < unicodeSpaces && code !== noBreakSpace) blank = false;
    if (code === replacement) return badEncoding(text, column);
  }
  if (control >= 0) {
    const lineBreak = control === 10 || control === 13;
    return {
      reason: 'control-character',
      column,
      message: `expected ${id} without ${lineBreak ? 'line breaks' : 'control characters'}; got ${quoted(text)}`,
      hint: lineBreak
        ? `is a quote left open? set ${optionHint('quote', false)} if quotes are ordinary characters`
        : 'is this a text file?',
      ...(lineBreak && { option: 'quote' }),
    };
  }
  if (blank && text.trim() === '') {
    return { reason: 'missing-id', column, message: `expected ${id}; got an empty field` };
  }
  return undefined;
}

const tab = 9;
const noBreakSpace = 0xa0;
/** The other white space has codes from here on. */
const unicodeSpaces = 0x1680;
/** What bytes that are no UTF-8 become. */
const replacement = 0xfffd;

function badEncoding(text: string, column: 'user' | 'item'): RowProblem {
  return {
    reason: 'bad-encoding',
    column,
    message: `expected valid UTF-8 in the ${column} id; got ${quoted(text)}`,
    hint: `set ${optionHint('encoding', 'latin1')} if the file is older than UTF-8`,
    option: 'encoding',
  };
}

/** A finite number that a float holds, or its problem. */
export function parseRating(text: string): number | RowProblem {
  const plain = plainNumber(text);
  if (plain >= 0) return plain;
  const value = decimal(text);
  if (Number.isFinite(Math.fround(value))) return value;
  const hint = /\d,\d/.test(text) ? { hint: 'commas in numbers are not read: write 4.5' } : {};
  return { reason: 'bad-rating', column: 'rating', message: `expected a finite rating; got ${quoted(text)}`, ...hint };
}

/** The problem of an id that stands for none. */
export function missingId(text: string, column: 'user' | 'item'): RowProblem {
  const empty = text.trim() === '';
  return {
    reason: 'missing-id',
    column,
    message: `expected ${column === 'item' ? 'an item' : 'a user'} id; got ${empty ? 'an empty field' : quoted(text)}`,
    ...(empty ? {} : { hint: 'if that is an id, say what else stands for none: missing (--data.missing none)' }),
  };
}

/** The problem of a time or a rating that says that there is none, as a marker that reads as a number does. */
export function markedMissing(column: 'time' | 'rating', text: string): RowProblem {
  return {
    reason: `bad-${column}`,
    column,
    message: `expected a ${column}; got ${quoted(text)}, which is said to stand for none`,
    hint: 'leave such rows out, or say what else stands for none: missing (--data.missing none)',
  };
}
