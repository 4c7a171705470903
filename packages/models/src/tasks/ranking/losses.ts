import * as tf from '@tensorflow/tfjs-core';
import type { Head } from './heads.ts';

/**
 * What each row costs a head, `[B]`; `z` logits, `y` labels.
 *
 * ```
 * binary, soft-binary   softplus(z) - y z
 * sigmoid-squared       (sigmoid(z) - y)^2
 * squared, huber        (z - y)^2;  h(z - y), h(d) = d^2 / 2 where |d| <= delta, delta (|d| - delta / 2) beyond
 * log-mse, log-huber    the same against ln(1 + y)
 * weighted-logistic     y softplus(-z) where y > 0, softplus(z) elsewhere, or everywhere (`negatives: every-row`)
 * ```
 *
 * The odds `e^z` of the last are, with `every-row`, the mean time of all rows; else the sum of times over the rows of
 * time 0 (Covington, Adams and Sargin 2016, section 4.2), which is near it where few rows have a time.
 */
export function rowLosses(
  head: Pick<Head, 'loss' | 'delta' | 'negatives'>,
  z: tf.Tensor1D,
  y: tf.Tensor1D,
): tf.Tensor1D {
  switch (head.loss) {
    case 'binary':
    case 'soft-binary':
      return tf.sub(tf.softplus(z), tf.mul(z, y));
    case 'sigmoid-squared':
      return tf.square(tf.sub(tf.sigmoid(z), y));
    case 'squared':
      return tf.square(tf.sub(z, y));
    case 'log-mse':
      return tf.square(tf.sub(z, tf.log1p(y)));
    case 'huber':
      return huber(tf.sub(z, y), head.delta);
    case 'log-huber':
      return huber(tf.sub(z, tf.log1p(y)), head.delta);
    case 'weighted-logistic': {
      const positive = tf.mul(y, tf.softplus(tf.neg(z)));
      const negative = tf.softplus(z);
      if (head.negatives === 'every-row') return tf.add(positive, negative);
      return tf.add(positive, tf.mul(negative, tf.cast(tf.lessEqual(y, 0), 'float32')));
    }
    default:
      throw new Error(`ranking: ${head.loss} is no loss of a row`);
  }
}

/** `d^2 / 2` to `delta`, then a line: with `c = min(|d|, delta)`, `c (|d| - c / 2)`. */
function huber(d: tf.Tensor1D, delta: number): tf.Tensor1D {
  const size = tf.abs(d);
  const capped = tf.minimum(size, delta);
  return tf.mul(capped, tf.sub(size, tf.mul(capped, 0.5)));
}

/** What a head says of a row, from its logit (of the product, where it has a parent and is of probabilities). */
export function predictionOf(loss: Head['loss'], z: number): number {
  switch (loss) {
    case 'binary':
    case 'soft-binary':
    case 'sigmoid-squared':
      return 1 / (1 + Math.exp(-z));
    case 'log-mse':
    case 'log-huber':
      return Math.expm1(z);
    case 'weighted-logistic':
      return Math.exp(z);
    default:
      return z;
  }
}

/** What the labels of a loss must be. */
export function acceptsLabel(loss: Head['loss'], y: number): boolean {
  switch (loss) {
    case 'binary':
      return y === 0 || y === 1;
    case 'soft-binary':
    case 'sigmoid-squared':
      return y >= 0 && y <= 1;
    case 'log-mse':
    case 'log-huber':
    case 'weighted-logistic':
    case 'listwise':
      return y >= 0;
    default:
      return true;
  }
}

/** The same in words. */
export const ACCEPTED: Readonly<Partial<Record<Head['loss'], string>>> = {
  binary: '0 or 1',
  'soft-binary': 'numbers from 0 to 1',
  'sigmoid-squared': 'numbers from 0 to 1',
  'log-mse': 'numbers that are not negative',
  'log-huber': 'numbers that are not negative',
  'weighted-logistic': 'numbers that are not negative',
  listwise: 'numbers that are not negative',
};
