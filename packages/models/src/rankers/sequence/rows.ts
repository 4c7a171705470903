import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/** The row of an index where there is none. */
export const NO_ROW = -1;

/** Rows of `x` at `rows`, `[R, D]`; where there is none, {@link NO_ROW}, `other` `[1, D]`, default zeros. */
export function rowsAt(x: tf.Tensor2D, rows: Int32Array, other?: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    if (!rows.includes(NO_ROW)) return embedding(x, tf.tensor1d(rows, 'int32'));
    const [count, width] = x.shape;
    const all = tf.concat2d([x, other ?? tf.zeros([1, width])], 0);
    const places = rows.map((row) => (row === NO_ROW ? count : row));
    return embedding(all, tf.tensor1d(places, 'int32'));
  });
}

/** Offsets of the same sequences with one more row each. */
export function withOneMore(offsets: Int32Array): Int32Array {
  return offsets.map((offset, b) => offset + b);
}
