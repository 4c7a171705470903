import { type TextColumn, textAt, textColumn } from '../text-column.ts';
import type { Column } from './column.ts';
import type { Table } from './table.ts';

/** The rows of a column at `rows`, in that order; a negative one is a row without a value. A vocabulary stays. */
export function takeColumn(column: Column, rows: ArrayLike<number>): Column {
  switch (column.kind) {
    case 'id':
      return { kind: 'id', values: taken(column.values, new Int32Array(rows.length), rows, 0), ids: column.ids };
    case 'time':
      return { kind: 'time', values: taken(column.values, new Float64Array(rows.length), rows, Number.NaN) };
    case 'number':
      return { kind: 'number', values: takenVectors(column.values, column.width, rows), width: column.width };
    case 'text':
      return { kind: 'text', values: takenText(column.values, rows) };
    case 'ids': {
      const { values, offsets, ids } = column;
      const ends = new Int32Array(rows.length + 1);
      for (let i = 0; i < rows.length; i++) {
        ends[i + 1] = ends[i] + (rows[i] < 0 ? 0 : offsets[rows[i] + 1] - offsets[rows[i]]);
      }
      const lists = new Int32Array(ends[rows.length]);
      for (let i = 0; i < rows.length; i++) {
        for (let at = ends[i], from = offsets[rows[i]]; at < ends[i + 1]; at++, from++) lists[at] = values[from];
      }
      return { kind: 'ids', values: lists, offsets: ends, ids };
    }
  }
}

/** The rows of a table at `rows`, in that order. */
export function takeRows(table: Table, rows: ArrayLike<number>): Table {
  const columns = new Map<string, Column>();
  for (const [name, column] of table.columns) columns.set(name, takeColumn(column, rows));
  return { rows: rows.length, columns };
}

function taken<A extends Int32Array | Float64Array>(values: A, out: A, rows: ArrayLike<number>, none: number): A {
  for (let i = 0; i < rows.length; i++) out[i] = rows[i] < 0 ? none : values[rows[i]];
  return out;
}

function takenVectors(values: Float32Array, width: number, rows: ArrayLike<number>): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    for (let d = 0; d < width; d++) out[i * width + d] = rows[i] < 0 ? Number.NaN : values[rows[i] * width + d];
  }
  return out;
}

function takenText(column: TextColumn, rows: ArrayLike<number>): TextColumn {
  return textColumn(Array.from(rows, (row) => (row < 0 ? '' : textAt(column, row))));
}
