import type { RowProblem } from '../problems.ts';
import { type MissingRule, missingRule } from '../sources/missing.ts';
import { decimal, plainNumber, truth } from '../sources/plain-number.ts';
import { quoted } from '../sources/rating-rows.ts';
import { inColumn, parseTime, type TimeUnit } from '../sources/time.ts';
import { textColumn } from '../text-column.ts';
import type { Column } from './column.ts';
import { grown } from './grow.ts';
import { OF_ARRAYS, splitList } from './lists.ts';
import type { ColumnSpec } from './spec.ts';
import { VocabularyBuilder } from './vocabulary.ts';

/**
 * One column while rows are read, in the order of the file. A row is taken in two steps, so that a row of which any
 * column is bad leaves nothing behind: `read` every column, then `keep` every column.
 */
export interface ColumnBuilder {
  readonly name: string;
  /** Reads a field; an empty one is a missing value. */
  read(text: string): RowProblem | undefined;
  /** Appends what was read last. */
  keep(): void;
  /** Appends what was read elsewhere, where a row is one value: a number, seconds, or a code (-1 for none). */
  put?(value: number): void;
  /** What is wrong with an id that is not missing, if anything. */
  checkId?(id: string): RowProblem | undefined;
  readonly rows: number;
  build(): Column;
}

export function columnBuilder(
  name: string,
  spec: ColumnSpec,
  vocabularies: Map<string, VocabularyBuilder>,
  missing: MissingRule = missingRule([]),
): ColumnBuilder {
  switch (spec.kind) {
    case 'id':
      return new IdBuilder(name, vocabularyOf(vocabularies, spec.vocabulary ?? name), missing);
    case 'ids':
      return new IdsBuilder(name, vocabularyOf(vocabularies, spec.vocabulary ?? name), spec, missing);
    case 'number':
      return new NumberBuilder(name, spec.width ?? 1, spec.separator ?? ' ', missing);
    case 'time':
      return new TimeBuilder(name, spec.unit ?? 's', missing);
    case 'text':
      return new TextBuilder(name, missing);
  }
}

function vocabularyOf(vocabularies: Map<string, VocabularyBuilder>, name: string): VocabularyBuilder {
  const known = vocabularies.get(name);
  if (known !== undefined) return known;
  const made = new VocabularyBuilder();
  vocabularies.set(name, made);
  return made;
}

class IdBuilder implements ColumnBuilder {
  readonly name: string;
  rows = 0;
  readonly #vocabulary: VocabularyBuilder;
  readonly #missing: MissingRule;
  #text = '';
  /** Codes from 1, 0 for none. */
  #codes = new Int32Array(0);

  constructor(name: string, vocabulary: VocabularyBuilder, missing: MissingRule) {
    this.name = name;
    this.#vocabulary = vocabulary;
    this.#missing = missing;
  }

  read(text: string): RowProblem | undefined {
    this.#text = text.trim();
    if (this.#missing.text(this.#text)) this.#text = '';
    return checkText(this.#text, this.name);
  }

  keep(): void {
    this.put(this.#text === '' ? -1 : this.#vocabulary.interner.intern(this.#text));
  }

  put(code: number): void {
    if (this.rows === this.#codes.length) this.#codes = grown(this.#codes, this.rows + 1);
    this.#codes[this.rows++] = code + 1;
  }

  checkId(id: string): RowProblem | undefined {
    return checkText(id, this.name);
  }

  build(): Column {
    const { ids, denseOf } = this.#vocabulary.build();
    const values = this.#codes.slice(0, this.rows);
    for (let row = 0; row < values.length; row++) if (values[row] > 0) values[row] = denseOf[values[row] - 1];
    return { kind: 'id', values, ids };
  }
}

interface ListSpec {
  readonly separator?: string;
  readonly distinct?: boolean;
}

class IdsBuilder implements ColumnBuilder {
  readonly name: string;
  rows = 0;
  readonly #vocabulary: VocabularyBuilder;
  readonly #spec: ListSpec;
  readonly #missing: MissingRule;
  #list: readonly string[] = [];
  #codes = new Int32Array(0);
  #length = 0;
  #ends = new Int32Array(0);

  constructor(name: string, vocabulary: VocabularyBuilder, spec: ListSpec, missing: MissingRule) {
    this.name = name;
    this.#vocabulary = vocabulary;
    this.#spec = spec;
    this.#missing = missing;
  }

  read(text: string): RowProblem | undefined {
    const { separator } = this.#spec;
    // An array has what it has: no word of it stands for a missing value.
    const isMissing = separator !== OF_ARRAYS && this.#missing.text(text.trim());
    const list = isMissing ? [] : splitList(text, separator);
    this.#list = this.#spec.distinct === true ? [...new Set(list)] : list;
    for (const id of this.#list) {
      const problem = checkText(id, this.name);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  keep(): void {
    this.#room(this.#list.length);
    for (const id of this.#list) this.#codes[this.#length++] = this.#vocabulary.interner.intern(id);
    this.#ends[this.rows++] = this.#length;
  }

  #room(more: number): void {
    if (this.#length + more > this.#codes.length) this.#codes = grown(this.#codes, this.#length + more);
    if (this.rows === this.#ends.length) this.#ends = grown(this.#ends, this.rows + 1);
  }

  build(): Column {
    const { ids, denseOf } = this.#vocabulary.build();
    const offsets = new Int32Array(this.rows + 1);
    const values = new Int32Array(this.#length);
    let length = 0;
    for (let row = 0, at = 0; row < this.rows; row++) {
      for (; at < this.#ends[row]; at++) {
        const dense = denseOf[this.#codes[at]];
        // What the vocabulary does not list leaves the list.
        if (dense > 0) values[length++] = dense;
      }
      offsets[row + 1] = length;
    }
    return { kind: 'ids', values: length < values.length ? values.slice(0, length) : values, offsets, ids };
  }
}

class NumberBuilder implements ColumnBuilder {
  readonly name: string;
  rows = 0;
  readonly #width: number;
  readonly #separator: string;
  readonly #missing: MissingRule;
  readonly #read: Float32Array;
  #values = new Float32Array(0);

  constructor(name: string, width: number, separator: string, missing: MissingRule) {
    this.name = name;
    this.#width = width;
    this.#separator = separator;
    this.#missing = missing;
    this.#read = new Float32Array(width);
  }

  read(text: string): RowProblem | undefined {
    if (this.#width === 1) return this.#readOne(text);
    const trimmed = text.trim();
    if (this.#missing.text(trimmed)) {
      this.#read.fill(Number.NaN);
      return undefined;
    }
    const parts = splitList(trimmed, this.#separator);
    if (parts.length !== this.#width) {
      const message = `expected ${this.#width} numbers in ${this.name}; got ${parts.length} in ${quoted(text)}`;
      return { reason: 'bad-number', column: this.name, message };
    }
    for (let d = 0; d < parts.length; d++) {
      this.#read[d] = decimal(parts[d]);
      if (!Number.isFinite(this.#read[d])) return this.#problem(parts[d]);
    }
    return undefined;
  }

  #readOne(text: string): RowProblem | undefined {
    const missing = this.#missing;
    const plain = plainNumber(text);
    if (plain >= 0 && !missing.amongValues) {
      this.#read[0] = plain;
      return undefined;
    }
    this.#read[0] = decimal(text);
    if (missing.number(this.#read[0])) this.#read[0] = Number.NaN;
    else if (!Number.isFinite(this.#read[0])) {
      const isMissing = missing.text(text.trim());
      this.#read[0] = isMissing ? Number.NaN : truth(text);
      if (Number.isNaN(this.#read[0]) && !isMissing) return this.#problem(text);
    }
    return undefined;
  }

  #problem(text: string): RowProblem {
    const message = `expected a finite number in ${this.name}; got ${quoted(text)}`;
    return { reason: 'bad-number', column: this.name, message };
  }

  keep(): void {
    const at = this.rows * this.#width;
    if (at + this.#width > this.#values.length) this.#values = grown(this.#values, at + this.#width);
    this.#values.set(this.#read, at);
    this.rows++;
  }

  put(value: number): void {
    this.#read[0] = value;
    this.keep();
  }

  build(): Column {
    return { kind: 'number', values: this.#values.slice(0, this.rows * this.#width), width: this.#width };
  }
}

class TimeBuilder implements ColumnBuilder {
  readonly name: string;
  rows = 0;
  readonly #unit: TimeUnit;
  readonly #missing: MissingRule;
  #time = Number.NaN;
  #values = new Float64Array(0);

  constructor(name: string, unit: TimeUnit, missing: MissingRule) {
    this.name = name;
    this.#unit = unit;
    this.#missing = missing;
  }

  read(text: string): RowProblem | undefined {
    this.#time = Number.NaN;
    if (this.#missing.time(text.trim())) return undefined;
    const time = parseTime(text, this.#unit);
    if (typeof time === 'object') return inColumn(time, this.name);
    this.#time = time;
    return undefined;
  }

  keep(): void {
    if (this.rows === this.#values.length) this.#values = grown(this.#values, this.rows + 1);
    this.#values[this.rows++] = this.#time;
  }

  put(seconds: number): void {
    this.#time = seconds;
    this.keep();
  }

  build(): Column {
    return { kind: 'time', values: this.#values.slice(0, this.rows) };
  }
}

class TextBuilder implements ColumnBuilder {
  readonly name: string;
  readonly #missing: MissingRule;
  #text = '';
  readonly #texts: string[] = [];

  constructor(name: string, missing: MissingRule) {
    this.name = name;
    this.#missing = missing;
  }

  get rows(): number {
    return this.#texts.length;
  }

  read(text: string): RowProblem | undefined {
    const trimmed = text.trim();
    this.#text = this.#missing.text(trimmed) ? '' : trimmed;
    return undefined;
  }

  keep(): void {
    this.#texts.push(this.#text);
  }

  build(): Column {
    return { kind: 'text', values: textColumn(this.#texts) };
  }
}

function checkText(text: string, column: string): RowProblem | undefined {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 32 && code !== 0xfffd) continue;
    const got = `got ${quoted(text)}`;
    if (code === 0xfffd)
      return { reason: 'bad-encoding', column, message: `expected valid UTF-8 in ${column}; ${got}` };
    return {
      reason: 'control-character',
      column,
      message: `expected ids without control characters in ${column}; ${got}`,
    };
  }
  return undefined;
}
