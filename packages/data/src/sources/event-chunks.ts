import type { EventTable } from '../event-table.ts';
import type { Interner } from '../interner.ts';
import type { RowProblem } from '../problems.ts';
import type { ColumnBuilder } from '../table/builder.ts';
import type { ColumnSpec } from '../table/spec.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';
import { IdReader, noId, numberAt, textAt, timeAt } from './column-readers.ts';
import type { ColumnVector } from './column-vectors.ts';
import { checkId } from './columns.ts';
import type { Purpose, SoughtColumn } from './duckdb-types.ts';
import type { FloatIds } from './float-ids.ts';
import type { ItemTitles } from './item-titles.ts';
import type { MissingRule } from './missing.ts';
import { NotPlain } from './not-plain.ts';
import type { TimeUnit } from './time.ts';

/** A column that is read: where it stands, and what for. */
export interface Wanted {
  readonly at: number;
  readonly purpose: Purpose;
}

/** Takes rows column by column; a row that is not plain or wrong is a {@link NotPlain}. */
export interface ChunkHandler {
  readonly header: boolean;
  readonly sought: readonly SoughtColumn[];
  /** The names of the columns (without a header: the fields of the first row); `totalRows` is about their number. */
  first(fields: readonly string[], line: number, totalRows?: number): void;
  /** After `first`: the columns to hand over, in this order. */
  wanted(): readonly Wanted[];
  chunk(columns: readonly ColumnVector[], rows: number): void;
}

/** Where the columns of the roles stand, -1 for none, and the further ones. */
export interface Places {
  readonly user: number;
  readonly item: number;
  readonly time: number;
  readonly rating: number;
  readonly title: number;
  readonly further: readonly number[];
}

/** Ids of the events beside those of the files of users and items. */
export interface EventFloats {
  readonly user: FloatIds;
  readonly item: FloatIds;
}

export interface EventSink {
  readonly table: EventTable;
  readonly users: Interner;
  readonly items: Interner;
  /** The items that are allowed, where not all are. */
  readonly needed: Interner | undefined;
  readonly floats: EventFloats;
  readonly titles: ItemTitles | undefined;
  readonly further: readonly FurtherColumn[];
  readonly vocabularies: ReadonlyMap<string, VocabularyBuilder>;
  readonly missing: MissingRule;
  readonly timeUnit: TimeUnit;
  /** For times by a pattern. */
  readonly parseTime: ((text: string) => number | RowProblem) | undefined;
  readonly skipWithoutUser: boolean;
}

export interface FurtherColumn {
  readonly spec: ColumnSpec;
  readonly builder: ColumnBuilder;
}

/** Appends chunks of rows to the table of events, by the rules of single rows, without a string a row. */
export class EventChunks {
  withoutUser = 0;
  earliest = Number.POSITIVE_INFINITY;
  latest = Number.NEGATIVE_INFINITY;
  readonly #sink: EventSink;
  readonly #users: IdReader;
  readonly #items: IdReader;
  readonly #appends: readonly ((column: ColumnVector, rows: Int32Array, count: number) => void)[];
  #rows = new Int32Array(0);
  #userKeys = new Int32Array(0);
  #itemKeys = new Int32Array(0);

  constructor(sink: EventSink) {
    const { users, items, needed, floats, missing } = sink;
    this.#sink = sink;
    this.#users = new IdReader(
      users,
      missing,
      (id) => checkId(id, 'user'),
      undefined,
      (id) => floats.user.read(id),
    );
    const unknown: RowProblem = { reason: 'unknown-item', message: 'an item that is not listed' };
    this.#items = new IdReader(
      items,
      missing,
      (id) => checkId(id, 'item') ?? (needed?.find(id) === undefined && needed !== undefined ? unknown : undefined),
      needed === undefined ? undefined : (id) => needed.findInteger(id) !== undefined,
      (id) => floats.item.read(id),
    );
    this.#appends = sink.further.map((column) => appendTo(column, sink));
  }

  /** Takes the columns that are wanted, in their order. */
  take(columns: readonly ColumnVector[], total: number, places: Places): void {
    const { table, titles, further, missing, skipWithoutUser } = this.#sink;
    let at = 0;
    const userColumn = columns[at++];
    const itemColumn = columns[at++];
    const timeColumn = places.time < 0 ? undefined : columns[at++];
    const ratingColumn = places.rating < 0 ? undefined : columns[at++];
    const titleColumn = places.title < 0 ? undefined : columns[at++];
    if (this.#rows.length < total) this.#room(total);
    const rows = this.#rows;
    for (let row = 0; row < total; row++) rows[row] = row;
    this.#users.read(userColumn, rows, total, this.#userKeys);
    const count = this.#withUser(total, skipWithoutUser);
    this.#items.read(itemColumn, rows, count, this.#itemKeys);
    if (this.#itemKeys.subarray(0, count).includes(noId)) throw new NotPlain('an item id is missing');
    const begin = table.reserve(count);
    table.users.set(this.#userKeys.subarray(0, count), begin);
    table.items.set(this.#itemKeys.subarray(0, count), begin);
    this.#takeTimes(timeColumn, table.times, begin, count);
    if (ratingColumn !== undefined && table.ratings !== undefined) {
      const { ratings } = table;
      for (let i = 0; i < count; i++) {
        const rating = numberAt(ratingColumn, missing, rows[i], false);
        if (Number.isNaN(rating)) throw new NotPlain('a rating is missing');
        ratings[begin + i] = rating;
      }
    }
    if (titleColumn !== undefined) {
      for (let i = 0; i < count; i++) titles?.see(textAt(itemColumn, rows[i]).trim(), textAt(titleColumn, rows[i]));
    }
    for (let c = 0; c < further.length; c++) this.#appends[c](columns[at++], rows, count);
  }

  #takeTimes(column: ColumnVector | undefined, times: Float64Array, begin: number, count: number): void {
    const { timeUnit, parseTime, missing } = this.#sink;
    const rows = this.#rows;
    let { earliest, latest } = this;
    for (let i = 0; i < count; i++) {
      const time = column === undefined ? 0 : timeAt(column, timeUnit, parseTime, missing, rows[i]);
      if (Number.isNaN(time)) throw new NotPlain('a time is missing');
      if (time > latest) latest = time;
      if (time < earliest) earliest = time;
      times[begin + i] = time;
    }
    this.earliest = earliest;
    this.latest = latest;
  }

  #room(total: number): void {
    this.#rows = new Int32Array(total);
    this.#userKeys = new Int32Array(total);
    this.#itemKeys = new Int32Array(total);
  }

  /** Leaves out the rows without a user; returns how many are left. */
  #withUser(total: number, skip: boolean): number {
    const rows = this.#rows;
    const keys = this.#userKeys;
    let count = 0;
    for (let i = 0; i < total; i++) {
      if (keys[i] === noId) {
        if (!skip) throw new NotPlain('a user id is missing');
        this.withoutUser++;
        continue;
      }
      rows[count] = rows[i];
      keys[count++] = keys[i];
    }
    return count;
  }
}

export function purposeOf(spec: ColumnSpec): Purpose {
  if (spec.kind === 'id' || spec.kind === 'time') return spec.kind;
  return spec.kind === 'number' && (spec.width ?? 1) === 1 ? 'number' : 'text';
}

/**
 * How a further column takes the values of a chunk: as numbers and codes, or as text where it has to be taken apart.
 */
function appendTo({ spec, builder }: FurtherColumn, { vocabularies, missing }: EventSink) {
  const put = (value: number): void => builder.put?.(value);
  const purpose = purposeOf(spec);
  if (purpose === 'id') {
    const vocabulary = vocabularies.get((spec.kind === 'id' && spec.vocabulary) || builder.name);
    if (vocabulary === undefined) throw new NotPlain(`no vocabulary for ${builder.name}`);
    const { interner } = vocabulary;
    const reader = new IdReader(interner, missing, (id) => builder.checkId?.(id));
    let keys = new Int32Array(0);
    return (column: ColumnVector, rows: Int32Array, count: number): void => {
      if (keys.length < count) keys = new Int32Array(count);
      reader.read(column, rows, count, keys);
      for (let i = 0; i < count; i++) {
        const key = keys[i];
        put(key === noId ? -1 : key >= 0 ? interner.internInteger(key) : -1 - key);
      }
    };
  }
  if (purpose === 'number') {
    return (column: ColumnVector, rows: Int32Array, count: number): void => {
      for (let i = 0; i < count; i++) put(numberAt(column, missing, rows[i], true));
    };
  }
  if (purpose === 'time') {
    const unit = (spec.kind === 'time' && spec.unit) || 's';
    return (column: ColumnVector, rows: Int32Array, count: number): void => {
      for (let i = 0; i < count; i++) put(timeAt(column, unit, undefined, missing, rows[i]));
    };
  }
  return (column: ColumnVector, rows: Int32Array, count: number): void => {
    for (let i = 0; i < count; i++) {
      const problem = builder.read(textAt(column, rows[i]));
      if (problem !== undefined) throw new NotPlain(problem.message);
      builder.keep();
    }
  };
}
