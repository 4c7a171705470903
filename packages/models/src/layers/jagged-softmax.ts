import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/** What stands for a score that is not there: `exp` of its difference to any real one is 0. */
const NEVER = -1e30;
const LANES = 16;

/**
 * Softmax over the packed rows of each sequence, `[T, H]` to `[T, H]`; each column for itself.
 *
 * @param offsets `[B + 1]`: sequence `b` has the rows `offsets[b] .. offsets[b + 1] - 1`.
 */
export function jaggedSoftmax(scores: tf.Tensor2D, offsets: Int32Array): tf.Tensor2D {
  const [rows, heads] = scores.shape;
  if (rows === 0) return scores;
  const count = offsets.length - 1;
  // Of whole vectors of a kernel: a row is summed in one order, whatever the longest of its batch.
  let longest = LANES;
  for (let b = 0; b < count; b++) longest = Math.max(longest, Math.ceil((offsets[b + 1] - offsets[b]) / LANES) * LANES);
  // Row `rows` of the padded scores is the one that is not there.
  const from = new Int32Array(count * longest).fill(rows);
  const back = new Int32Array(rows);
  for (let b = 0; b < count; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) {
      const place = b * longest + t - offsets[b];
      from[place] = t;
      back[t] = place;
    }
  }
  return tf.tidy(() => {
    const all = tf.concat2d([scores, tf.fill([1, heads], NEVER)], 0);
    const padded = tf.reshape(embedding(all, tf.tensor1d(from, 'int32')), [count, longest, heads]);
    const shares = tf.transpose(tf.softmax(tf.transpose(padded, [0, 2, 1])), [0, 2, 1]);
    return embedding(tf.reshape(shares, [count * longest, heads]), tf.tensor1d(back, 'int32'));
  });
}
