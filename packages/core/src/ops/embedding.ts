import * as tf from '@tensorflow/tfjs-core';
import { assertDType, assertShapes } from '../shapes.ts';

/**
 * Rows of a table: `y_t = table[ids_t]`. The gradient is a segment sum over the ids, whatever the size of the table;
 * rows never looked up get zero.
 *
 * @param table float32 `[I, D]`.
 * @param ids int32 `[T]`, each in `0 .. I - 1` (not checked: that would read the device).
 * @returns float32 `[T, D]`.
 * @throws ShapeError, DTypeError.
 */
export function embedding(table: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  assertShapes('embedding', [
    ['table', table, 'I D'],
    ['ids', ids, 'T'],
  ]);
  assertDType(table, 'float32', { op: 'embedding', name: 'table' });
  assertDType(ids, 'int32', { op: 'embedding', name: 'ids' });
  const rows = table.shape[0];
  // The stock gradient of gather transposes the gradient and the table around the same segment sum.
  const lookup = tf.customGrad((x, save) => {
    const value = tf.gather(x as tf.Tensor, ids);
    (save as tf.GradSaveFunc)([ids]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.unsortedSegmentSum(dy, saved[0] as tf.Tensor1D, rows),
    };
  });
  return lookup(table) as tf.Tensor2D;
}
