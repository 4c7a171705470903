import { DataError } from '../errors.ts';
import { type Column, rowsOf } from './column.ts';

/** Rows of named columns. */
export interface Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export function emptyTable(rows: number): Table {
  return { rows, columns: new Map() };
}

/**
 * A table of columns of one length.
 *
 * @throws {DataError} `bad-columns` for columns of other lengths, and for ids outside their vocabulary
 */
export function createTable(rows: number, columns: ReadonlyMap<string, Column>): Table {
  for (const [name, column] of columns) {
    const length = rowsOf(column);
    if (length !== rows) {
      throw new DataError('createTable', `expected ${rows} rows in column ${name}; got ${length}`, {
        code: 'bad-columns',
        column: name,
      });
    }
    if (column.kind === 'id' || column.kind === 'ids') checkIds(name, column.values, column.ids.size, column.kind);
  }
  return { rows, columns };
}

function checkIds(name: string, values: Int32Array, size: number, kind: 'id' | 'ids'): void {
  const least = kind === 'id' ? 0 : 1;
  for (const value of values) {
    if (value >= least && value <= size) continue;
    throw new DataError('createTable', `expected ids in ${least}..${size} in column ${name}; got ${value}`, {
      code: 'bad-columns',
      column: name,
    });
  }
}
