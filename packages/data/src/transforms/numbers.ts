import type { Column } from '../table/column.ts';

/** The numbers of a row, NaN where there is none; times are one number a row. */
export function dimensions(column: Column): { readonly width: number; at(row: number, dimension: number): number } {
  if (column.kind === 'number') {
    const { values, width } = column;
    return { width, at: (row, dimension) => values[row * width + dimension] };
  }
  if (column.kind === 'time') return { width: 1, at: (row) => column.values[row] };
  throw new TypeError(`no numbers in a column of ${column.kind}`);
}
