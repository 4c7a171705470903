import type { Interner } from '../interner.ts';
import type { RowProblem } from '../problems.ts';
import type { MissingRule } from '../table/builder.ts';
import { ByteCodes } from './byte-codes.ts';
import { type ColumnVector, hasValue, type WordVector, wordText, wordValue } from './column-vectors.ts';
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
  readonly #isMissing: MissingRule;
  /** What is wrong with an id, if anything. */
  readonly #check: (id: string) => RowProblem | undefined;
  readonly #checkSmall: ((id: number) => boolean) | undefined;
  readonly #tidy: (id: string) => string;
  readonly #codes = new ByteCodes();

  constructor(
    interner: Interner,
    isMissing: MissingRule,
    check: (id: string) => RowProblem | undefined,
    checkSmall?: (id: number) => boolean,
    tidy: (id: string) => string = (id) => id,
  ) {
    this.#tidy = tidy;
    this.#interner = interner;
    this.#isMissing = isMissing;
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
    const allowed = this.#checkSmall;
    if (allowed === undefined) return;
    for (let i = 0; i < count; i++) if (keys[i] >= 0 && !allowed(keys[i])) throw new NotPlain('an id that is refused');
  }

  #keyOf(bytes: Uint8Array, from: number, to: number, column: ColumnVector, row: number): number {
    if (from === to) return noId;
    const found = this.#codes.find(bytes, from, to);
    if (found >= 0) return -1 - found;
    const id = this.#tidy(textAt(column, row).trim());
    if (this.#isMissing(id)) return noId;
    const problem = this.#check(id);
    if (problem !== undefined) throw new NotPlain(problem.message);
    const code = this.#interner.intern(id);
    this.#codes.add(bytes, from, to, code);
    return -1 - code;
  }
}

/** The time of a row in seconds; one that is missing is NaN where `isMissing` says what that is, else not plain. */
export function timeAt(
  column: ColumnVector,
  unit: TimeUnit,
  parse: ((text: string) => number | RowProblem) | undefined,
  row: number,
  isMissing?: MissingRule,
): number {
  if (column.kind === 'text') {
    const from = column.starts[row];
    const to = column.ends[row];
    if (parse === undefined) {
      const plain =
        unit === 'iso' ? isoSecondsAt(column.bytes, from, to) : plainNumberAt(column.bytes, from, to) / perSecond[unit];
      if (plain < latestTime) return plain;
    }
    const text = textAt(column, row);
    if (isMissing?.(text.trim())) return Number.NaN;
    const time = parse === undefined ? parseTime(text, unit) : parse(text);
    if (typeof time === 'number') return time;
    throw new NotPlain(time.message);
  }
  if (!hasValue(column, row) && isMissing !== undefined) return Number.NaN;
  if (!hasValue(column, row)) throw new NotPlain('a time is missing');
  let seconds = Number.NaN;
  if (column.kind === 'micros') seconds = wordValue(column.words, row) / 1e6;
  else if (unit !== 'iso') {
    seconds = (column.kind === 'double' ? column.values[row] : wordValue(column.words, row)) / perSecond[unit];
  }
  if (seconds >= 0 && seconds < latestTime) return seconds;
  throw new NotPlain('a time that is none');
}

/** A number that a float holds, NaN for a missing one; `truths` takes truth values for 1 and 0. */
export function numberAt(column: ColumnVector, isMissing: MissingRule, row: number, truths: boolean): number {
  let value: number;
  if (column.kind === 'text') {
    value = plainNumberAt(column.bytes, column.starts[row], column.ends[row]);
    if (value >= 0) return value;
    const text = textAt(column, row);
    value = decimal(text);
    if (Number.isFinite(Math.fround(value))) return value;
    const known = truths ? truth(text) : Number.NaN;
    if (known >= 0 || isMissing(text.trim())) return known;
  } else {
    if (!hasValue(column, row)) return Number.NaN;
    value = column.kind === 'double' ? column.values[row] : wordValue((column as WordVector).words, row);
    if (Number.isFinite(Math.fround(value))) return value;
    if (Number.isNaN(value) && isMissing('nan')) return value;
  }
  throw new NotPlain('a number that is none');
}
