import * as tf from '@tensorflow/tfjs-core';

/**
 * GELU in its tanh form, `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`, any shape.
 *
 * Source: Hendrycks & Gimpel 2016, section 2 (arXiv:1606.08415).
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => {
    const cubic = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1));
    const gate = tf.add(tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI))), 1);
    return tf.mul(tf.mul(x, gate), 0.5) as T;
  });
}
