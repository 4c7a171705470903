import * as tf from '@tensorflow/tfjs-core';

/** `x` as a constant: nothing behind it gets a gradient through it. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const constant = tf.customGrad((of) => ({
    value: tf.clone(of as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return constant(x) as T;
}
