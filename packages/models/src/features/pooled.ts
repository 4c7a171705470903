import { embedding, embeddingBag } from '@seqrec/core';
import type { EncodedColumn } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';

/** A column of ids. */
export type IdColumn = Exclude<EncodedColumn, { kind: 'number' }>;

/**
 * Vectors of a column of ids from those of its entries: they themselves, or means (sums) of lists.
 *
 * @param entries the vector of each entry, `[entries, D]`.
 * @returns `[R, D]`.
 */
export function pooled(column: IdColumn, entries: tf.Tensor2D, pooling: 'mean' | 'sum' = 'mean'): tf.Tensor2D {
  if (column.kind === 'row') return entries;
  const { offsets, lists } = column;
  return tf.tidy(() => {
    const bags = embeddingBag(
      entries,
      Int32Array.from({ length: entries.shape[0] }, (_, n) => n),
      offsets,
    );
    const rows = pooling === 'sum' ? tf.mul(bags, lengthsOf(offsets)) : bags;
    return lists === undefined ? (rows as tf.Tensor2D) : embedding(rows as tf.Tensor2D, tf.tensor1d(lists, 'int32'));
  });
}

/** The length of each list, `[lists, 1]`. */
export function lengthsOf(offsets: Int32Array): tf.Tensor2D {
  const lengths = Float32Array.from({ length: offsets.length - 1 }, (_, l) => offsets[l + 1] - offsets[l]);
  return tf.tensor2d(lengths, [lengths.length, 1]);
}
