import { UnsupportedError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SampledScores } from './logq.ts';

/**
 * Binary cross-entropy of a positive and `R` negatives: `(beta softplus(-s_p) + sum_j softplus(s_j)) / (1 + R)`; `[T]`.
 * With `beta` of {@link gbceBeta} it is gBCE, `-(beta ln sigmoid(s_p) + sum_j ln(1 - sigmoid(s_j))) / (1 + R)`.
 * Negatives that do not count add nothing; the divisor stays.
 *
 * Source: Petrov and Macdonald 2023, section 5 (arXiv:2308.07192); a mean over `1 + R`, as RecTools.
 */
export function generalisedBce({ positive, negative, valid }: SampledScores, beta = 1): tf.Tensor1D {
  const each = tf.softplus(negative);
  const negatives = tf.sum(valid === undefined ? each : tf.mul(each, tf.cast(valid, 'float32')), 1);
  const positives = tf.mul(tf.softplus(tf.neg(positive)), beta);
  return tf.div(tf.add<tf.Tensor1D>(positives, negatives), 1 + negative.shape[1]);
}

/**
 * The exponent of gBCE, `beta = alpha (t (1 - 1 / alpha) + 1 / alpha)` with the sampling rate
 * `alpha = numNegatives / (numItems - 1)`: 1 for `t = 0` (plain binary cross-entropy), `alpha`
 * for `t = 1` (calibrated).
 *
 * @throws UnsupportedError for a `t` outside `[0, 1]`, no negatives or fewer than two items.
 */
export function gbceBeta(t: number, numNegatives: number, numItems: number): number {
  if (!(t >= 0 && t <= 1 && numNegatives >= 1 && numItems >= 2)) {
    throw new UnsupportedError(
      `gbceBeta: expected t from 0 to 1, numNegatives >= 1, numItems >= 2; got t=${t}, numNegatives=${numNegatives}, numItems=${numItems}`,
    );
  }
  const alpha = numNegatives / (numItems - 1);
  return alpha * (t * (1 - 1 / alpha) + 1 / alpha);
}
