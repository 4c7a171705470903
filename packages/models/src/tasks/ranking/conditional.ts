import * as tf from '@tensorflow/tfjs-core';

/**
 * The logit of `P(a) P(b | a)` from the logits of both:
 * `z = z_a - softplus(-z_b) - softplus(z_a - softplus(z_b))`, whose odds are `o_a p_b / (1 + o_a (1 - p_b))`. Nothing
 * is taken from 1: it holds for probabilities near 0 and 1.
 *
 * Source: Ma et al. 2018 (arXiv:1804.07931), equation 1 (ESMM), in logits.
 */
export function productLogit(a: tf.Tensor1D, b: tf.Tensor1D): tf.Tensor1D {
  return tf.sub(tf.sub(a, tf.softplus(tf.neg(b))), tf.softplus(tf.sub(a, tf.softplus(b))));
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** The same of numbers. */
export function productLogitOf(a: number, b: number): number {
  return a - softplus(-b) - softplus(a - softplus(b));
}
