import { rowSet } from '@seqrec/core';
import {
  applyTransform,
  type BatchColumns,
  type EncodedColumn,
  type EncodedShape,
  encodedShape,
  type FittedTransform,
  MISSING_ROW,
  type SequenceBatch,
} from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { FieldShape } from './field-table.ts';
import { exampleItems, type Field, type RowField, takeField } from './fields.ts';
import type { FittedFeatures } from './fitted.ts';
import type { HistoryConfig } from './history-config.ts';
import { rowsOfColumn } from './rows-of-column.ts';

/** Something of an event of a history that only histories have: a column of the event, or the time since. */
export interface EventOfHistory extends FieldShape {
  /** The columns of the event; absent: the time from the event to the row. */
  readonly transform?: FittedTransform;
}

/** What a model of rows reads of histories. */
export interface HistoryFields {
  readonly config: HistoryConfig;
  /** The places among the fields of a row of those of its item: their tables are shared with events of histories. */
  readonly items: readonly number[];
  /** What only events of histories have. */
  readonly own: readonly EventOfHistory[];
  /** What batches must carry for them, besides what the fields of rows need. */
  readonly columns: BatchColumns;
  /** @throws ConfigError for a batch that does not carry what is read. */
  read(batch: SequenceBatch): HistoryColumns;
}

/**
 * The values of {@link HistoryFields} in a batch. What is read of an item is there once for each item of the batch;
 * `T` events of the histories, `B` examples, `U` items.
 */
export interface HistoryColumns {
  /** Of each field of items: a row an item, `[U]`. */
  readonly items: readonly EncodedColumn[];
  /** Place among the `U` items of each event, `[T]`, and of each example, `[B]`. */
  readonly tokenItems: Int32Array;
  readonly exampleItems: Int32Array;
  /** That of the padding item 0, of which there is always one: what stands where no event is. */
  readonly padding: number;
  /** Of each own field: a row an event, `[T]`. */
  readonly own: readonly EncodedColumn[];
  /** The same of the examples, which have none of them: rows without a value, `[B]`. */
  readonly missing: readonly EncodedColumn[];
}

/** Octaves of seconds that are told apart: the last holds 2^31 seconds, 68 years, and more. */
export const TIME_OCTAVES = 32;
/** The item that stands for none. */
const PADDING = Int32Array.of(0);
/** The first row is that of an event without a time since it: the row itself. */
const TIME_ROWS = 1 + TIME_OCTAVES;

/**
 * What a configuration reads of histories: the fields of the item, whose tables they share, then `userHistory.columns`,
 * then the time.
 *
 * @throws ConfigError when there is no field of items, or when the fitted features are not those of the configuration.
 */
export function historyFieldsOf(
  { kind, userHistory }: { readonly kind: string; readonly userHistory: HistoryConfig },
  fields: readonly Field[],
  fitted: FittedFeatures | undefined,
): HistoryFields {
  const items = fields.flatMap(({ table }, place) => (table === 'items' ? [place] : []));
  if (items.length === 0) {
    throw new ConfigError(
      `model config (${kind}): userHistory: expected a field of items, which events of histories share; got itemId false and no features of items`,
      'userHistory',
    );
  }
  const own: EventOfHistory[] = (fitted?.features ?? []).flatMap(({ name, table, transform }) =>
    table === 'history' ? [{ name, transform, shape: encodedShape(transform) }] : [],
  );
  if (userHistory.times) own.push({ name: 'time', shape: { kind: 'row', size: TIME_ROWS } });
  const tokens = [...new Set(own.flatMap(({ transform }) => transform?.columns ?? []))];
  const columns: BatchColumns = {
    ...(tokens.length > 0 && { tokens }),
    examples: userHistory.times ? ['items', 'times'] : ['items'],
  };
  return {
    config: userHistory,
    items,
    own,
    columns,
    read: (batch) => {
      const examples = exampleItems(batch, kind);
      const known = (fields[items[0]] as RowField).column;
      const set = rowSet(rowsOfColumn(known), [PADDING, batch.itemIds, examples]);
      return {
        items: items.map((place) => takeField((fields[place] as RowField).column, set.ids)),
        tokenItems: set.indicesOf(batch.itemIds),
        exampleItems: set.indicesOf(examples),
        padding: set.indicesOf(PADDING)[0],
        own: own.map((field) => ofEvents(field, batch, kind)),
        missing: own.map(({ shape }) => missingRows(shape, examples.length)),
      };
    },
  };
}

function ofEvents({ name, transform }: EventOfHistory, batch: SequenceBatch, kind: string): EncodedColumn {
  if (transform === undefined) return { kind: 'row', size: TIME_ROWS, values: octaves(batch, kind) };
  const found = transform.columns.map((column) => batch.columns?.tokens?.get(column));
  if (found.every((column) => column !== undefined)) return applyTransform(transform, found);
  throw without(kind, `the column ${name} of the events of histories`);
}

/** `1 + floor(log2(seconds from the event to the row))`; at least 1, as a row of the same second is. */
function octaves({ exampleTimes, timestamps, offsets }: SequenceBatch, kind: string): Int32Array {
  if (exampleTimes === undefined) throw without(kind, 'the times of the target events');
  const values = new Int32Array(timestamps.length);
  for (let b = 0; b < exampleTimes.length; b++) {
    const time = exampleTimes[b];
    for (let t = offsets[b]; t < offsets[b + 1]; t++) {
      // Of whole numbers, which need no logarithm.
      const seconds = Math.min(Math.max(1, Math.floor(time - timestamps[t])), 2 ** 32 - 1);
      values[t] = TIME_OCTAVES - Math.clz32(seconds);
    }
  }
  return values;
}

/** Rows without a value. */
function missingRows(shape: EncodedShape, rows: number): EncodedColumn {
  if (shape.kind === 'number') return { ...shape, values: new Float32Array(rows * shape.width) };
  return { kind: 'row', size: shape.size, values: new Int32Array(rows).fill(MISSING_ROW) };
}

function without(kind: string, what: string): ConfigError {
  return new ConfigError(
    `${kind}: userHistory: expected a batch with ${what}; got one without; make batches with makeBatch(set, indices, model.columns)`,
    'userHistory',
  );
}
