import * as tf from '@tensorflow/tfjs-core';

/** Which columns of a table `[I, D]` a variable `[I, d]` holds, and where the others come from. */
export interface TableColumns {
  /** The first of them. */
  readonly from: number;
  /** `D`. */
  readonly width: number;
  /**
   * All columns of some rows, `[count, D]`, given those that are here, `[count, d]`: from whoever holds the others, who
   * must ask for the same rows.
   */
  withAll(own: Float32Array, count: number): Promise<Float32Array>;
}

/** Columns `[U, d]` in rows `[U, D]` of zeros, inside a tidy. */
export function amongZeros(own: tf.Tensor2D, { from, width }: TableColumns): tf.Tensor2D {
  const [rows, columns] = own.shape;
  const sides = [from, columns, width - from - columns];
  const parts = sides.flatMap((side, i) => (side === 0 ? [] : [i === 1 ? own : tf.zeros([rows, side])]));
  return tf.concat(parts as tf.Tensor2D[], 1);
}

/** The columns `[U, d]` of rows `[U, D]`. */
export function ownColumns(all: tf.Tensor, { from }: TableColumns, columns: number): tf.Tensor2D {
  return tf.slice(all as tf.Tensor2D, [0, from], [-1, columns]);
}

/** Rows `ids` of an array of rows of `columns` numbers, one after the other. */
export function takeRows(values: Float32Array, ids: Int32Array, columns: number): Float32Array {
  const out = new Float32Array(ids.length * columns);
  for (let u = 0; u < ids.length; u++) {
    out.set(values.subarray(ids[u] * columns, (ids[u] + 1) * columns), u * columns);
  }
  return out;
}

/** Puts rows back to where {@link takeRows} takes them. */
export function putRows(values: Float32Array, ids: Int32Array, columns: number, rows: Float32Array): void {
  for (let u = 0; u < ids.length; u++) values.set(rows.subarray(u * columns, (u + 1) * columns), ids[u] * columns);
}
