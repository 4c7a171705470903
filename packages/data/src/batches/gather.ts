import { closest } from '../closest.ts';
import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import type { Column } from '../table/column.ts';
import type { Table } from '../table/table.ts';
import { takeColumn } from '../table/take.ts';
import { type BatchColumns, type NamedColumns, type SequenceBatch, sequenceBatch } from './sequence-batch.ts';

/** Rows of `events` that a batch is made of. */
export interface BatchRows {
  /** Dense user of each sequence; shape [B]. */
  readonly users: Int32Array;
  /** shape [B + 1] */
  readonly offsets: Int32Array;
  /** The event of each token; shape [T]. */
  readonly tokens: Int32Array;
  /** The event after each; shape [T]. At the last token of a sequence that is the target, where it is known. */
  readonly next: Int32Array;
  /** The target event of each row; shape [R]. */
  readonly targets: Int32Array;
  /** Rows of each sequence, where it has several; shape [B + 1]. */
  readonly rowOffsets?: Int32Array;
}

/**
 * Gathers a batch of any rows: what a plain loop over them would read. Columns of items are looked up by item id and
 * never copied.
 *
 * @throws {DataError} `bad-columns` for a column that is not there, with the nearest name
 */
export function gatherBatch(data: Interactions, rows: BatchRows, columns: BatchColumns = {}): SequenceBatch {
  const { users, offsets, tokens, next, rowOffsets } = rows;
  const { itemIds, timestamps, ratings } = data;
  return sequenceBatch({
    users,
    offsets,
    ...(rowOffsets && { rowOffsets }),
    itemIds: at(itemIds, tokens, new Int32Array(tokens.length)),
    timestamps: at(timestamps, tokens, new Float64Array(tokens.length)),
    targets: at(itemIds, next, new Int32Array(next.length)),
    targetTimestamps: at(timestamps, next, new Float64Array(next.length)),
    ...(ratings && {
      ratings: at(ratings, tokens, new Float32Array(tokens.length)),
      targetRatings: at(ratings, next, new Float32Array(next.length)),
    }),
    ...exampleArrays(data, rows, columns),
    ...furtherColumns(data, rows, columns),
  });
}

/** A plain loop: `from` with a function takes ten times as long, and a batch of histories has many tokens. */
function at<A extends Int32Array | Float32Array | Float64Array>(values: A, rows: Int32Array, out: A): A {
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i]];
  return out;
}

/** Item, time and row of the target events, where they are asked for. */
function exampleArrays(
  { itemIds, timestamps }: Interactions,
  { targets }: BatchRows,
  { examples = [] }: BatchColumns,
): Pick<SequenceBatch, 'exampleItems' | 'exampleTimes' | 'exampleEvents'> {
  return {
    ...(examples.includes('items') && { exampleItems: targets.map((event) => itemIds[event]) }),
    ...(examples.includes('times') && { exampleTimes: Float64Array.from(targets, (event) => timestamps[event]) }),
    ...(examples.includes('events') && { exampleEvents: targets.slice() }),
  };
}

/** The columns of a batch besides item, time and action; nothing where none is asked for. */
export function furtherColumns(
  { events, userTable }: Interactions,
  rows: BatchRows,
  { tokens = [], next = [], targets = [], users = [] }: BatchColumns,
): Pick<SequenceBatch, 'columns'> {
  if (tokens.length + next.length + targets.length + users.length === 0) return {};
  return {
    columns: {
      ...(tokens.length > 0 && { tokens: take(events, 'events', tokens, rows.tokens) }),
      ...(next.length > 0 && { next: take(events, 'events', next, rows.next) }),
      ...(targets.length > 0 && { targets: take(events, 'events', targets, rows.targets) }),
      ...(users.length > 0 && { users: take(userTable, 'users', users, rows.users) }),
    },
  };
}

function take(table: Table, of: string, names: readonly string[], rows: Int32Array): NamedColumns {
  return new Map(names.map((name) => [name, takeColumn(columnOf(table, of, name), rows)]));
}

/** @throws {DataError} `bad-columns` for a column that is not there */
export function columnOf({ columns }: Table, of: string, name: string): Column {
  const column = columns.get(name);
  if (column !== undefined) return column;
  const known = [...columns.keys()];
  const near = closest(name, known);
  throw new DataError('columns', `expected a column of ${of}; got ${name}`, {
    code: 'bad-columns',
    column: name,
    hint: near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${near}?`,
  });
}
