import * as tf from '@tensorflow/tfjs-core';

/**
 * What `make` gives, as a constant: nothing in it is differentiated, whatever it reads. For choices, of which there is
 * no gradient.
 */
export function untaped<T extends tf.Tensor>(make: () => T): T {
  const constant = tf.customGrad((none) => ({
    value: make(),
    gradFunc: () => tf.zerosLike(none as tf.Tensor),
  }));
  return tf.tidy(() => constant(tf.scalar(0)) as T);
}
