import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Means of the latest rows of each sequence: row `t` is the mean of the rows `max(begin, t - window + 1) .. t`, `begin`
 * the first row of its sequence.
 *
 * By sums over 1, 2, 4, ... rows, each from the one before, of which the binary digits of a length choose: no
 * difference of running sums, which would lose digits, and `2 log2(window)` passes over `[T, D]` in the place of the
 * `[T window, D]` rows of lists. On two cores 50 ms for 14,080 rows of 64 and a window of 50, lists 80 ms.
 *
 * @param x float32 `[T, D]`; `offsets` `[B + 1]`: sequence `b` has the rows `offsets[b] .. offsets[b + 1] - 1`.
 * @returns float32 `[T, D]`.
 */
export function latestMeans(x: tf.Tensor2D, offsets: Int32Array, window: number): tf.Tensor2D {
  const rows = x.shape[0];
  const lengths = lengthsOf(offsets, window);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  return tf.tidy(() => {
    // Row 0 is zeros, for what lies before a sequence; row t + 1 has the sum of the latest `size` rows up to t.
    let sums = tf.concat2d([tf.zeros([1, x.shape[1]]), x], 0);
    let total: tf.Tensor2D | undefined;
    for (let size = 1; ; size *= 2) {
      const part = embedding(sums, digitRows(lengths, size));
      total = total === undefined ? part : tf.add(total, part);
      if (2 * size > longest) break;
      sums = tf.add(sums, embedding(sums, earlierRows(offsets, size)));
    }
    const shares = Float32Array.from(lengths, (length) => 1 / length);
    return tf.mul(total, tf.tensor2d(shares, [rows, 1]));
  });
}

/** How many rows each mean is over. */
function lengthsOf(offsets: Int32Array, window: number): Int32Array {
  const lengths = new Int32Array(offsets[offsets.length - 1]);
  for (let b = 0; b + 1 < offsets.length; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) lengths[t] = Math.min(window, t - offsets[b] + 1);
  }
  return lengths;
}

/** Where the rows end that the digit `size` of a length stands for: before them lie those of larger digits. */
function digitRows(lengths: Int32Array, size: number): tf.Tensor1D {
  const rows = lengths.map((length, t) => ((length & size) === 0 ? 0 : t - (length & (size - 1)) + 1));
  return tf.tensor1d(rows, 'int32');
}

/** The row `size` before each, in its sequence. */
function earlierRows(offsets: Int32Array, size: number): tf.Tensor1D {
  const rows = new Int32Array(offsets[offsets.length - 1] + 1);
  for (let b = 0; b + 1 < offsets.length; b++) {
    for (let t = offsets[b] + size; t < offsets[b + 1]; t++) rows[t + 1] = t - size + 1;
  }
  return tf.tensor1d(rows, 'int32');
}
