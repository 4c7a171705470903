import { dropoutThreshold, embedding, randomWords, rowSet, streamKey } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { dropAt, type Run } from './layer.ts';

const SITE = 'items';

/**
 * Dropout on vectors of items: `y[i, d] = x[i, d] * mask / (1 - rate)`, with the stream `dropout/items` at the run's
 * step; the identity outside training. The mask is that of the item and not of its row, so that the same numbers are
 * dropped in the history, among what is scored, in every part of a batch and in row-wise training.
 *
 * @param table `[U, D]`.
 * @param ids the item of each row; absent: row `i` is item `i`.
 */
export function dropItems(table: tf.Tensor2D, rate: number, run: Run, ids?: Int32Array): tf.Tensor2D {
  if (!run.training || rate === 0) return table;
  const [count, width] = table.shape;
  if (ids === undefined) return dropAt(table, rate, SITE, { ...run, firstRow: 0 });
  const key = streamKey(run.seed, `dropout/${SITE}`);
  const threshold = dropoutThreshold(rate);
  const scale = Math.fround(1 / (1 - rate));
  const mask = new Float32Array(count * width);
  for (const [row, item] of ids.entries()) {
    const words = randomWords(key, run.step, width, item * width);
    for (let d = 0; d < width; d++) if (words[d] >= threshold) mask[row * width + d] = scale;
  }
  return tf.tidy(() => tf.mul(table, tf.tensor2d(mask, [count, width])));
}

/** The rows of some items of a table, and where each of the ids is among them: a catalogue is longer than a batch. */
export function rowsOfItems(
  table: tf.Tensor2D,
  itemIds: Int32Array,
  ids?: Int32Array,
): { readonly rows: tf.Tensor2D; readonly items: Int32Array; readonly places: tf.Tensor1D } {
  const { ids: own, indicesOf } = rowSet(table.shape[0], [itemIds]);
  return {
    rows: embedding(table, tf.tensor1d(own, 'int32')),
    items: ids === undefined ? own : own.map((row) => ids[row]),
    places: tf.tensor1d(indicesOf(itemIds), 'int32'),
  };
}
