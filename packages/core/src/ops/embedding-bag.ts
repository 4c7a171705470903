import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { assertDType, assertShapes } from '../shapes.ts';

/**
 * Means of the rows of a table: `y_r = mean of table[ids_n] for n in [offsets_r, offsets_{r + 1})`, zeros for an empty
 * bag. The gradient is a segment sum over the ids, whatever the size of the table; rows never looked up get zero.
 *
 * @param table float32 `[V, D]`.
 * @param ids `[N]`, each in `0 .. V - 1`, on the host.
 * @param offsets `[R + 1]`, from 0, ascending, to N, on the host.
 * @returns float32 `[R, D]`.
 * @throws ShapeError, DTypeError.
 *
 * Source: `torch.nn.EmbeddingBag(mode='mean')`.
 */
export function embeddingBag(table: tf.Tensor2D, ids: Int32Array, offsets: Int32Array): tf.Tensor2D {
  assertShapes('embeddingBag', [['table', table, 'V D']]);
  assertDType(table, 'float32', { op: 'embeddingBag', name: 'table' });
  const rows = offsets.length - 1;
  if (rows < 0 || offsets[0] !== 0 || offsets[rows] !== ids.length) {
    throw new ShapeError(
      `embeddingBag: expected offsets from 0 to ids.length = ${ids.length}; got ${offsets.length === 0 ? 'none' : `${offsets[0]} to ${offsets[rows]}`}`,
    );
  }
  const segments = new Int32Array(ids.length);
  const shares = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    if (offsets[r + 1] < offsets[r]) {
      throw new ShapeError(
        `embeddingBag: expected ascending offsets; got ${offsets[r + 1]} after ${offsets[r]} at ${r}`,
      );
    }
    segments.fill(r, offsets[r], offsets[r + 1]);
    shares[r] = offsets[r + 1] === offsets[r] ? 0 : 1 / (offsets[r + 1] - offsets[r]);
  }
  const [vocabulary, width] = table.shape;
  const lookup = tf.customGrad((x, save) => {
    const at = tf.tensor1d(ids, 'int32');
    const rowOf = tf.tensor1d(segments, 'int32');
    const share = tf.tensor2d(shares, [rows, 1]);
    const value =
      ids.length === 0
        ? tf.zeros([rows, width])
        : tf.mul(tf.unsortedSegmentSum(tf.gather(x as tf.Tensor2D, at), rowOf, rows), share);
    (save as tf.GradSaveFunc)([at, rowOf, share]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [rowIds, bags, weights] = saved as [tf.Tensor1D, tf.Tensor1D, tf.Tensor2D];
        if (ids.length === 0) return tf.zeros([vocabulary, width]);
        return tf.unsortedSegmentSum(tf.gather(tf.mul(dy, weights), bags), rowIds, vocabulary);
      },
    };
  });
  return tf.tidy(() => lookup(table) as tf.Tensor2D);
}
