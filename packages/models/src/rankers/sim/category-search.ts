import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { HistoryColumns } from '../../features/history-fields.ts';
import type { Taken } from '../sequence/retrieval.ts';

/** Rows of a table of features below this stand for no id. */
const FIRST_ID = 2;

/** The newest `k` events whose item shares an id of a column with the item that is judged, newest first. */
export function sameCategory(column: EncodedColumn, columns: HistoryColumns, offsets: Int32Array, k: number): Taken {
  const [count, events] = [offsets.length - 1, offsets[offsets.length - 1]];
  const rows = new Int32Array(count * k).fill(events);
  const seen = new Float32Array(count * k);
  for (let b = 0; b < count; b++) {
    let found = 0;
    for (let t = offsets[b + 1] - 1; t >= offsets[b] && found < k; t--) {
      if (!sharesId(column, columns.exampleItems[b], columns.tokenItems[t])) continue;
      rows[b * k + found] = t;
      seen[b * k + found++] = 1;
    }
  }
  return { rows: tf.tensor1d(rows, 'int32'), seen: tf.tensor2d(seen, [count, k]) };
}

function sharesId(column: EncodedColumn, a: number, b: number): boolean {
  if (column.kind === 'row') return column.values[a] >= FIRST_ID && column.values[a] === column.values[b];
  if (column.kind === 'number') return false;
  const { values, offsets, lists } = column;
  const [x, y] = [lists?.[a] ?? a, lists?.[b] ?? b];
  for (let i = offsets[x]; i < offsets[x + 1]; i++) {
    if (values[i] < FIRST_ID) continue;
    for (let j = offsets[y]; j < offsets[y + 1]; j++) if (values[i] === values[j]) return true;
  }
  return false;
}
