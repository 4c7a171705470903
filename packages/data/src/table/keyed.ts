import type { IdMap } from '../ids.ts';
import { Interner } from '../interner.ts';
import type { RowProblem } from '../problems.ts';
import type { ColumnBuilder } from './builder.ts';
import type { Column } from './column.ts';
import { createTable, type Table } from './table.ts';
import { takeColumn } from './take.ts';

/** A table with an id a row, in the order of a file: row = code of `keys`. */
export interface KeyedTable {
  readonly keys: Interner;
  readonly columns: ReadonlyMap<string, Column>;
}

/** Collects the rows of a file of users or of items. */
export class KeyedTableBuilder {
  readonly keys = new Interner();
  readonly #columns: readonly ColumnBuilder[];

  constructor(columns: readonly ColumnBuilder[]) {
    this.#columns = columns;
  }

  get size(): number {
    return this.keys.size;
  }

  /** Takes a row: its id, and a field a column. What is wrong with it is given back, and nothing is kept of it. */
  add(id: string, fields: readonly string[]): RowProblem | undefined {
    for (let c = 0; c < this.#columns.length; c++) {
      const problem = this.#columns[c].read(fields[c]);
      if (problem !== undefined) return problem;
    }
    if (this.keys.find(id) !== undefined) {
      return { reason: 'repeated-id', message: `expected distinct ids; got "${id}" twice` };
    }
    this.keys.intern(id);
    for (const column of this.#columns) column.keep();
    return undefined;
  }

  build(): KeyedTable {
    return { keys: this.keys, columns: new Map(this.#columns.map((column) => [column.name, column.build()])) };
  }
}

export interface Joined {
  readonly table: Table;
  /** Dense ids without a row: all their values are missing. */
  readonly without: number;
  /** Rows whose id does not occur. */
  readonly unused: number;
}

/** The rows of a keyed table in the order of dense ids. */
export function joinById(ids: IdMap, keyed: KeyedTable | undefined): Joined {
  if (keyed === undefined) return { table: { rows: ids.size, columns: new Map() }, without: 0, unused: 0 };
  const rows = new Int32Array(ids.size);
  let without = 0;
  for (let at = 0; at < rows.length; at++) {
    rows[at] = keyed.keys.find(ids.external(at + ids.first)) ?? -1;
    if (rows[at] < 0) without++;
  }
  const columns = new Map<string, Column>();
  for (const [name, column] of keyed.columns) columns.set(name, takeColumn(column, rows));
  return { table: createTable(ids.size, columns), without, unused: keyed.keys.size - (ids.size - without) };
}
