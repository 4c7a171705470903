import * as tf from '@tensorflow/tfjs-core';

/** `lambda/2 |w|^2`, whose gradient is `lambda w`: no copy of a table is kept for it. */
export function l2Penalty(weight: tf.Tensor, lambda: number): tf.Scalar {
  const penalty = tf.customGrad((w, save) => {
    const tensor = w as tf.Tensor;
    const value = tf.mul(tf.sum(tf.square(tensor)), lambda / 2);
    (save as tf.GradSaveFunc)([tensor]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0], tf.mul(dy, lambda)),
    };
  });
  return tf.tidy(() => penalty(weight) as tf.Scalar);
}

/** The sum of {@link l2Penalty} over some weights; nothing for a `lambda` of 0. */
export function l2Penalties(weights: readonly tf.Tensor[], lambda: number): tf.Scalar[] {
  return lambda === 0 ? [] : weights.map((weight) => l2Penalty(weight, lambda));
}
