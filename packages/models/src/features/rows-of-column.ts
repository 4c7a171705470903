import type { EncodedColumn } from '@seqrec/data';

/** How many rows an encoded column has. */
export function rowsOfColumn(column: EncodedColumn): number {
  if (column.kind === 'number') return column.values.length / column.width;
  if (column.kind === 'row') return column.values.length;
  return column.lists?.length ?? column.offsets.length - 1;
}
