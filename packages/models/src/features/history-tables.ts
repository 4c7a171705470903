import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderBatch } from '../inputs.ts';
import { type FieldTables, type FieldTablesOptions, fieldTables } from './field-tables.ts';
import type { HistoryColumns, HistoryFields } from './history-fields.ts';

/** The history of a batch of rows: its events on the device, oldest first and packed, and what is read of them. */
export interface RowHistory {
  readonly batch: EncoderBatch;
  readonly columns: HistoryColumns;
}

/** Vectors of the events of histories `[T, W]` and of the items that are judged `[B, W]`, alike in every part. */
export interface HistoryVectors {
  readonly tokens: tf.Tensor2D;
  readonly candidates: tf.Tensor2D;
  /** Of an event that is not there, `[1, W]`: the padding item without a value. */
  readonly padding: tf.Tensor2D;
}

/** The tables that events of histories are read from. */
export interface HistoryTables {
  /** Tables of what only histories have, `<stream>.<field>`; those of items are the row's. */
  readonly own: FieldTables;
  /** Width `W` of a vector: that of all fields of items and all own ones. */
  readonly width: number;
  /** Width of its first part, the fields of the item. */
  readonly itemWidth: number;
  /**
   * The fields of the item, then the own ones, side by side. The item that is judged has the row "without a value" of
   * each own field: no action, no time.
   */
  vectors(history: RowHistory): HistoryVectors;
  /** Of the item alone, `itemWidth` wide. */
  items(history: RowHistory): HistoryVectors;
}

export function historyTables(
  fields: HistoryFields,
  rows: FieldTables,
  options: Omit<FieldTablesOptions, 'fields'>,
): HistoryTables {
  const own = fieldTables({ ...options, fields: fields.own });
  const itemWidth = fields.items.length * options.width;
  const width = itemWidth + fields.own.length * options.width;
  const beside = (parts: readonly tf.Tensor2D[]): tf.Tensor2D =>
    parts.length === 1 ? parts[0] : tf.concat2d([...parts], 1);
  const items = ({ columns }: RowHistory): HistoryVectors =>
    tf.tidy(() => {
      // Once an item, and not once an event: histories repeat them.
      const each = beside(fields.items.map((place, f) => rows.vector(place, columns.items[f])));
      return {
        tokens: embedding(each, tf.tensor1d(columns.tokenItems, 'int32')),
        candidates: embedding(each, tf.tensor1d(columns.exampleItems, 'int32')),
        padding: embedding(each, tf.tensor1d([columns.padding], 'int32')),
      };
    });
  return {
    own,
    width,
    itemWidth,
    items,
    vectors: (history) =>
      tf.tidy(() => {
        const { tokens, candidates, padding } = items(history);
        const { columns } = history;
        const missing = own.vectors(columns.missing);
        const first = missing.map((rows) => tf.slice2d(rows, [0, 0], [1, -1]));
        return {
          tokens: beside([tokens, ...own.vectors(columns.own)]),
          candidates: beside([candidates, ...missing]),
          padding: beside([padding, ...first]),
        };
      }),
  };
}
