import { MASKED_SCORE } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/** Scores of `T` positives and of `R` sampled negatives each. */
export interface SampledScores {
  /** `[T]`. */
  readonly positive: tf.Tensor1D;
  /** `[T, R]`. */
  readonly negative: tf.Tensor2D;
  /** Which negatives count, bool `[T, R]`: false where one is the positive. Default: all. */
  readonly valid?: tf.Tensor2D;
}

/** `-ln(e^{s_p} / (e^{s_p} + sum_j e^{s_j}))` over the negatives that count; `[T]`. */
export function sampledSoftmax({ positive, negative, valid }: SampledScores): tf.Tensor1D {
  return tf.softplus(tf.sub(tf.logSumExp(masked(negative, valid), 1), positive));
}

/**
 * Sampled softmax whose negatives have the logarithm of their probability of being drawn taken off:
 * `-ln(e^{s_p} / (e^{s_p} + sum_j e^{s_j - ln Q_j}))`; `[T]`. The positive is not corrected.
 *
 * @param logQ `ln Q_j`, `[T, R]`; no gradient. {@link logShares} makes it from counts.
 * Source: Yi et al. 2019, section 4 (doi:10.1145/3298689.3346996).
 */
export function logQSoftmax({ positive, negative, valid }: SampledScores, logQ: tf.Tensor2D): tf.Tensor1D {
  return sampledSoftmax({ positive, negative: tf.sub(negative, logQ), valid });
}

/**
 * The corrected form, with the positive out of the proposal: `-sg(1 - p) ln(e^{s_p} / sum_j e^{s_j - ln Q'_j})` with
 * `p = e^{s_p} / (e^{s_p} + sum_j e^{s_j - ln Q'_j - ln n})`, `n` the number of negatives that count and `sg` a stop of
 * the gradient; `[T]`. Its gradient is that of the full softmax as `n` grows. The value is no likelihood and can be
 * negative. A positive without a negative that counts has loss 0.
 *
 * @param logQ `ln Q'_j` given that `j` is not the positive, `[T, R]`; no gradient. {@link logShares} makes it from
 *   counts and positives.
 * Source: "Correcting the LogQ Correction", RecSys 2025 (arXiv:2507.09331).
 */
export function correctedLogQSoftmax({ positive, negative, valid }: SampledScores, logQ: tf.Tensor2D): tf.Tensor1D {
  const others = tf.logSumExp(masked(tf.sub(negative, logQ), valid), 1);
  const counts = valid === undefined ? tf.scalar(negative.shape[1]) : tf.sum(tf.cast(valid, 'float32'), 1);
  return correctedLogQ(tf.sub<tf.Tensor1D>(others, positive), tf.log(tf.maximum(counts, 1)));
}

/**
 * {@link correctedLogQSoftmax} of what is known of each positive; `[T]`.
 *
 * @param excess `ln(sum_j e^{s_j - ln Q'_j}) - s_p`, `[T]`.
 * @param logCounts `ln n`, `[T]` or a scalar; no gradient.
 */
export function correctedLogQ(excess: tf.Tensor1D, logCounts: tf.Tensor): tf.Tensor1D {
  // 1 - p = sigmoid(lse - ln n - s_p).
  const weight = stopped(tf.sigmoid(tf.sub<tf.Tensor1D>(excess, logCounts)));
  return tf.mul(weight, excess);
}

/** Smallest share: what an item without a count gets. */
const LEAST_SHARE = 1e-10;

/**
 * `ln max(count_j / total, 1e-10)` of every negative; with `positives`, `ln max(count_j / (total - count_p), 1e-10)`:
 * given that it is not the positive of its row.
 *
 * @param counts how often each item is drawn, by id.
 * @param negatives ids, row by row, `[T, R]`.
 * @param positives ids `[T]`.
 * @returns `[T R]`.
 */
export function logShares(
  counts: ArrayLike<number>,
  negatives: ArrayLike<number>,
  positives?: ArrayLike<number>,
): Float32Array {
  let total = 0;
  for (let item = 0; item < counts.length; item++) total += counts[item];
  const width = positives === undefined ? 1 : negatives.length / positives.length;
  return Float32Array.from(negatives, (item, at) => {
    const left = positives === undefined ? total : total - counts[positives[Math.floor(at / width)]];
    return Math.log(Math.max(counts[item] / left, LEAST_SHARE));
  });
}

function masked(scores: tf.Tensor2D, valid?: tf.Tensor2D): tf.Tensor2D {
  return valid === undefined ? scores : tf.where(valid, scores, tf.fill(scores.shape, MASKED_SCORE));
}

/** The values, as a constant of the tape. */
function stopped(x: tf.Tensor1D): tf.Tensor1D {
  return tf.customGrad((values) => ({
    value: (values as tf.Tensor1D).clone(),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(x) as tf.Tensor1D;
}
