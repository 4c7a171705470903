import type { IdMap } from '../ids.ts';
import { type TextColumn, textAt } from '../text-column.ts';

/** What a column holds. */
export type ColumnKind = 'id' | 'ids' | 'number' | 'time' | 'text';

/** One id a row, 0 = none; `ids` is the vocabulary, with dense ids from 1. */
export interface IdColumn {
  readonly kind: 'id';
  /** shape [rows] */
  readonly values: Int32Array;
  readonly ids: IdMap;
}

/** A list of ids a row: row `r` has `values[offsets[r], offsets[r + 1])`, none of them 0. */
export interface IdsColumn {
  readonly kind: 'ids';
  readonly values: Int32Array;
  /** shape [rows + 1] */
  readonly offsets: Int32Array;
  readonly ids: IdMap;
}

/** A number or a vector a row; NaN = missing. */
export interface NumberColumn {
  readonly kind: 'number';
  /** shape [rows * width] */
  readonly values: Float32Array;
  readonly width: number;
}

/** Seconds since 1970; NaN = missing. */
export interface TimeColumn {
  readonly kind: 'time';
  /** shape [rows] */
  readonly values: Float64Array;
}

/** Words for people (titles), which no model reads as they are; empty = missing. */
export interface WordsColumn {
  readonly kind: 'text';
  readonly values: TextColumn;
}

export type Column = IdColumn | IdsColumn | NumberColumn | TimeColumn | WordsColumn;

export function rowsOf(column: Column): number {
  switch (column.kind) {
    case 'ids':
      return column.offsets.length - 1;
    case 'number':
      return column.values.length / column.width;
    default:
      return column.values.length;
  }
}

/** Whether a row has no value. */
export function isMissing(column: Column, row: number): boolean {
  switch (column.kind) {
    case 'id':
      return column.values[row] === 0;
    case 'ids':
      return column.offsets[row] === column.offsets[row + 1];
    case 'number':
      for (let i = row * column.width; i < (row + 1) * column.width; i++)
        if (Number.isNaN(column.values[i])) return true;
      return false;
    case 'time':
      return Number.isNaN(column.values[row]);
    case 'text':
      return column.values.offsets[row] === column.values.offsets[row + 1];
  }
}

/** Whether two rows, neither of them {@link isMissing}, have the same value. */
export function sameValue(column: Column, a: number, b: number): boolean {
  switch (column.kind) {
    case 'id':
    case 'time':
      return column.values[a] === column.values[b];
    case 'text':
      return textAt(column.values, a) === textAt(column.values, b);
    case 'number':
      return sameRange(column.values, a * column.width, b * column.width, column.width);
    case 'ids': {
      const { offsets, values } = column;
      const length = offsets[a + 1] - offsets[a];
      return length === offsets[b + 1] - offsets[b] && sameRange(values, offsets[a], offsets[b], length);
    }
  }
}

function sameRange(values: Int32Array | Float32Array, a: number, b: number, length: number): boolean {
  for (let k = 0; k < length; k++) if (values[a + k] !== values[b + k]) return false;
  return true;
}
