import type { EncodedColumn } from './spec.ts';

/** The rows of an encoded column at `rows`, in that order. */
export function takeEncoded(column: EncodedColumn, rows: ArrayLike<number>): EncodedColumn {
  switch (column.kind) {
    case 'row':
      return { ...column, values: taken(column.values, rows) };
    case 'number': {
      const { width, values } = column;
      const out = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++) out.set(values.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
      return { ...column, values: out };
    }
    case 'rows': {
      const { lists } = column;
      if (lists !== undefined) return { ...column, lists: taken(lists, rows) };
      const offsets = new Int32Array(rows.length + 1);
      for (let i = 0; i < rows.length; i++) {
        offsets[i + 1] = offsets[i] + column.offsets[rows[i] + 1] - column.offsets[rows[i]];
      }
      const values = new Int32Array(offsets[rows.length]);
      for (let i = 0; i < rows.length; i++) {
        values.set(column.values.subarray(column.offsets[rows[i]], column.offsets[rows[i] + 1]), offsets[i]);
      }
      return { ...column, values, offsets };
    }
  }
}

/** A plain loop: `from` with a function takes ten times as long, and every batch of a ranker waits for it. */
function taken(values: Int32Array, rows: ArrayLike<number>): Int32Array {
  const out = new Int32Array(rows.length);
  for (let i = 0; i < out.length; i++) out[i] = values[rows[i]];
  return out;
}

/**
 * The same with each list once and the list of every row: genres and paths of categories repeat, and what is made of
 * a list is then made once.
 */
export function withDistinctLists(column: EncodedColumn): EncodedColumn {
  if (column.kind !== 'rows' || column.lists !== undefined) return column;
  const { values, offsets } = column;
  const known = new Map<string, number>();
  const lists = new Int32Array(offsets.length - 1);
  const kept: number[] = [];
  const ends = [0];
  for (let row = 0; row < lists.length; row++) {
    const list = values.subarray(offsets[row], offsets[row + 1]);
    const key = list.join();
    const found = known.get(key) ?? known.size;
    if (found === known.size) {
      known.set(key, found);
      for (const value of list) kept.push(value);
      ends.push(kept.length);
    }
    lists[row] = found;
  }
  return { ...column, values: Int32Array.from(kept), offsets: Int32Array.from(ends), lists };
}
