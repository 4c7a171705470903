import * as tf from '@tensorflow/tfjs-core';

/** The sequence of each packed row, `[T]`. */
export function sequenceOf(offsets: Int32Array): Int32Array {
  const of = new Int32Array(offsets[offsets.length - 1]);
  for (let b = 0; b + 1 < offsets.length; b++) of.fill(b, offsets[b], offsets[b + 1]);
  return of;
}

/**
 * Sums of packed rows: row `b` of the result is the sum of the rows `t` with `of[t] = b`, zeros where there is none.
 *
 * @param x float32 `[T, D]`; `of` `[T]`, each in `0 .. count - 1`, on the host.
 * @returns float32 `[count, D]`.
 */
export function segmentSum(x: tf.Tensor2D, of: Int32Array, count: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const sum = tf.customGrad((values, save) => {
    const ids = tf.tensor1d(of, 'int32');
    const value = rows === 0 ? tf.zeros([count, width]) : tf.unsortedSegmentSum(values as tf.Tensor2D, ids, count);
    (save as tf.GradSaveFunc)([ids]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        rows === 0 ? tf.zeros([0, width]) : tf.gather(dy, saved[0] as tf.Tensor1D),
    };
  });
  return tf.tidy(() => sum(x) as tf.Tensor2D);
}

/** Means of the packed rows of each sequence, `[T, D]` to `[B, D]`; zeros for an empty one. */
export function segmentMean(x: tf.Tensor2D, offsets: Int32Array): tf.Tensor2D {
  const count = offsets.length - 1;
  const shares = new Float32Array(count);
  for (let b = 0; b < count; b++) shares[b] = 1 / Math.max(1, offsets[b + 1] - offsets[b]);
  return tf.tidy(() => tf.mul(segmentSum(x, sequenceOf(offsets), count), tf.tensor2d(shares, [count, 1])));
}
