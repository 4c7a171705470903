import type { Interner } from '../interner.ts';
import type { RowProblem } from '../problems.ts';
import { ByteCodes } from './byte-codes.ts';
import { type ColumnVector, hasValue, type WordVector, wordText, wordValue } from './column-vectors.ts';
import type { MissingRule } from './missing.ts';
import { NotPlain } from './not-plain.ts';
import { isoSecondsAt, plainNumberAt, smallIntegerAt } from './plain-bytes.ts';
import { decimal, truth } from './plain-number.ts';
import { latestTime, parseTime, perSecond, type TimeUnit } from './time.ts';

/** What stands for the id of a row that has none. */
export const noId = -0x8000_0000;

/** The text of a row of any column. */
export function textAt(column: ColumnVector, row: number): string {
  if (column.kind === 'text') return decoder.decode(column.bytes.subarray(column.starts[row], column.ends[row]));
  if (!hasValue(column, row)) return '';
  if (column.kind === 'double') throw new NotPlain('a double as text');
  return wordText(column.words, row);
}

// Without `ignoreBOM` a text that begins with U+FEFF would not come back as it was.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads ids as keys: a small integer itself, `-1 - code` for any other, `noId` for none. */
export class IdReader {
  readonly #interner: Interner;
  readonly #missing: MissingRule;
  /** What is wrong with an id, if anything. */
  readonly #check: (id: string) => RowProblem | undefined;
  readonly #checkSmall: ((id: number) => boolean) | undefined;
  readonly #tidy: (id: string) => string;
  readonly #codes = new ByteCodes();

  constructor(
    interner: Interner,
    missing: MissingRule,
    check: (id: string) => RowProblem | undefined,
    checkSmall?: (id: number) => boolean,
    tidy: (id: string) => string = (id) => id,
  ) {
    this.#tidy = tidy;
    this.#interner = interner;
    this.#missing = missing;
    this.#check = check;
    this.#checkSmall = checkSmall;
  }

  /** The keys of `rows[0, count)`. */
  read(column: ColumnVector, rows: Int32Array, count: number, keys: Int32Array): void {
    if (column.kind === 'text') {
      const { bytes, starts, ends } = column;
      for (let i = 0; i < count; i++) {
        const from = starts[rows[i]];
        const to = ends[rows[i]];
        const small = smallIntegerAt(bytes, from, to);
        keys[i] = small >= 0 ? small : this.#keyOf(bytes, from, to, column, rows[i]);
      }
    } else if (column.kind === 'integer') {
      const { words } = column;
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      for (let i = 0; i < count; i++) {
        const row = rows[i];
        if (!hasValue(column, row)) keys[i] = noId;
        else if (words[2 * row + 1] === 0 && words[2 * row] >>> 24 === 0) keys[i] = words[2 * row];
        else keys[i] = this.#keyOf(bytes, 8 * row, 8 * row + 8, column, row);
      }
    } else throw new NotPlain(`ids of ${column.kind}`);
    if (this.#missing.amongValues) this.#leaveOut(keys, count);
    const allowed = this.#checkSmall;
    if (allowed === undefined) return;
    for (let i = 0; i < count; i++) if (keys[i] >= 0 && !allowed(keys[i])) throw new NotPlain('an id that is refused');
  }

  /** Takes small integers that stand for none for such. */
  #leaveOut(keys: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) if (keys[i] >= 0 && this.#missing.text(String(keys[i]))) keys[i] = noId;
  }

  #keyOf(bytes: Uint8Array, from: number, to: number, column: ColumnVector, row: number): number {
    if (from === to) return noId;
    const found = this.#codes.find(bytes, from, to);
    if (found >= 0) return -1 - found;
    const id = this.#tidy(textAt(column, row).trim());
    if (this.#missing.text(id)) return noId;
    const problem = this.#check(id);
    if (problem !== undefined) throw new NotPlain(problem.message);
    const code = this.#interner.intern(id);
    this.#codes.add(bytes, from, to, code);
    return -1 - code;
  }
}

/** The time of a row in seconds, NaN for a missing one. */
export function timeAt(
  column: ColumnVector,
  unit: TimeUnit,
  parse: ((text: string) => number | RowProblem) | undefined,
  missing: MissingRule,
  row: number,
): number {
  if (column.kind === 'text') {
    const from = column.starts[row];
    const to = column.ends[row];
    if (parse === undefined && !missing.amongValues) {
      const plain =
        unit === 'iso' ? isoSecondsAt(column.bytes, from, to) : plainNumberAt(column.bytes, from, to) / perSecond[unit];
      if (plain < latestTime) return plain;
    }
    const text = textAt(column, row);
    if (missing.time(text.trim())) return Number.NaN;
    const time = parse === undefined ? parseTime(text, unit) : parse(text);
    if (typeof time === 'number') return time;
    throw new NotPlain(time.message);
  }
  if (!hasValue(column, row)) return Number.NaN;
  let seconds = Number.NaN;
  if (column.kind === 'micros') seconds = wordValue(column.words, row) / 1e6;
  else {
    const value = column.kind === 'double' ? column.values[row] : wordValue(column.words, row);
    if (missing.clock(value)) return Number.NaN;
    if (unit !== 'iso') seconds = value / perSecond[unit];
  }
  if (seconds >= 0 && seconds < latestTime) return seconds;
  throw new NotPlain('a time that is none');
}

/** A number that a float holds, NaN for a missing one; `truths` takes truth values for 1 and 0. */
export function numberAt(column: ColumnVector, missing: MissingRule, row: number, truths: boolean): number {
  let value: number;
  if (column.kind === 'text') {
    value = plainNumberAt(column.bytes, column.starts[row], column.ends[row]);
    if (value >= 0 && !missing.amongValues) return value;
    const text = textAt(column, row);
    value = decimal(text);
    if (missing.number(value)) return Number.NaN;
    if (Number.isFinite(Math.fround(value))) return value;
    if (missing.text(text.trim())) return Number.NaN;
    const known = truths ? truth(text) : Number.NaN;
    if (known >= 0) return known;
  } else {
    if (!hasValue(column, row)) return Number.NaN;
    value = column.kind === 'double' ? column.values[row] : wordValue((column as WordVector).words, row);
    if (missing.number(value)) return Number.NaN;
    if (Number.isFinite(Math.fround(value))) return value;
    if (Number.isNaN(value) && missing.text('nan')) return value;
  }
  throw new NotPlain('a number that is none');
}
