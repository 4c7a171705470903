import { OptionError } from '../errors.ts';
import { type ColumnBuilder, columnBuilder } from '../table/builder.ts';
import { type Column, rowsOf } from '../table/column.ts';
import { KeyedTableBuilder } from '../table/keyed.ts';
import { OF_ARRAYS } from '../table/lists.ts';
import type { ColumnSpec } from '../table/spec.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';

/** A value of a column in memory: a list for `ids`, numbers for a `number` of several; null and NaN are missing. */
export type MemoryValue = string | number | null | undefined | readonly (string | number)[];

/** A further column in memory: what it holds, and a value a row. */
export type MemoryColumn = ColumnSpec & { readonly values: ArrayLike<MemoryValue> };

/** Columns of users or of items: a row an id, in any order. */
export interface MemoryTable {
  readonly ids: ArrayLike<string | number>;
  readonly columns: Readonly<Record<string, MemoryColumn>>;
}

/** Columns of as many rows as there are events. @throws {OptionError} naming the column and the row */
export function memoryColumns(
  columns: Readonly<Record<string, MemoryColumn | Column>>,
  rows: number,
  vocabularies: Map<string, VocabularyBuilder>,
): Map<string, Column> {
  const made = new Map<string, Column>();
  for (const [name, column] of Object.entries(columns)) {
    if (isColumn(column)) {
      if (rowsOf(column) !== rows) throw otherLength(name, rows, rowsOf(column));
      made.set(name, column);
      continue;
    }
    const [{ builder }] = readersOf({ [name]: column }, rows, vocabularies);
    for (let row = 0; row < rows; row++) {
      const problem = builder.read(textOf(column.values[row]));
      if (problem !== undefined) throw wrong(name, row, problem.message);
      builder.keep();
    }
    made.set(name, builder.build());
  }
  return made;
}

/** Whether it is a column already, with its vocabulary or in its own kind of array. */
function isColumn(column: MemoryColumn | Column): column is Column {
  switch (column.kind) {
    case 'id':
    case 'ids':
      return 'ids' in column;
    case 'number':
      return column.values instanceof Float32Array && column.width !== undefined;
    case 'time':
      return column.values instanceof Float64Array;
    case 'text':
      return 'bytes' in column.values;
  }
}

/** A table with an id a row. @throws {OptionError} naming the column and the row */
export function memoryTable(
  { ids, columns }: MemoryTable,
  vocabularies: Map<string, VocabularyBuilder>,
): KeyedTableBuilder {
  const readers = readersOf(columns, ids.length, vocabularies);
  const table = new KeyedTableBuilder(readers.map(({ builder }) => builder));
  for (let row = 0; row < ids.length; row++) {
    const fields = readers.map(({ column }) => textOf(column.values[row]));
    const problem = table.add(String(ids[row]), fields);
    if (problem !== undefined) throw wrong('ids', row, problem.message);
  }
  return table;
}

function readersOf(
  columns: Readonly<Record<string, MemoryColumn>>,
  rows: number,
  vocabularies: Map<string, VocabularyBuilder>,
): { readonly builder: ColumnBuilder; readonly column: MemoryColumn }[] {
  return Object.entries(columns).map(([name, column]) => {
    if (column.values.length !== rows) {
      throw otherLength(name, rows, column.values.length);
    }
    const separated = column.kind === 'ids' || column.kind === 'number' ? { ...column, separator: OF_ARRAYS } : column;
    return { builder: columnBuilder(name, separated, vocabularies), column };
  });
}

function textOf(value: MemoryValue): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  return typeof value === 'object' ? value.join(OF_ARRAYS) : String(value);
}

function otherLength(name: string, rows: number, got: number): OptionError {
  return new OptionError('interactionsFromArrays', `expected ${rows} rows in column ${name}, one a user; got ${got}`, {
    key: 'columns',
  });
}

function wrong(column: string, row: number, message: string): OptionError {
  return new OptionError('interactionsFromArrays', `${column}: row ${row}: ${message}`, { key: column });
}
