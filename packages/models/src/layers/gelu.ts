import * as tf from '@tensorflow/tfjs-core';

/**
 * `x Phi(x)`, Phi the distribution function of the standard normal: GELU in its exact form (Hendrycks & Gimpel 2016).
 */
export function exactGelu<T extends tf.Tensor>(x: T): T {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)) as T;
}
