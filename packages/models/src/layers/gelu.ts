import * as tf from '@tensorflow/tfjs-core';

/**
 * `x Phi(x)`, Phi the distribution function of the standard normal: GELU in its exact form (Hendrycks & Gimpel 2016).
 */
export function exactGelu(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;

/**
 * GELU in its tanh form, as `linearLayer` has it: `x/2 (1 + tanh(u/2)) = x sigmoid(u)`, `u = sqrt(8 / pi) (x + 0.044715
 * x^3)`.
 */
export function tanhGelu<T extends tf.Tensor>(x: T): T {
  const gelu = tf.customGrad((of, save) => {
    const value = of as tf.Tensor;
    const share = tf.sigmoid(tf.mul(value, polynomial(value, CUBE)));
    const product = tf.mul(value, share);
    (save as tf.GradSaveFunc)([value, share]);
    return {
      value: product,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [v, s] = saved;
        // s + v s (1 - s) du/dv
        const slope = tf.mul(tf.mul(v, tf.sub(1, s)), polynomial(v, 3 * CUBE));
        return tf.mul(dy, tf.mul(s, tf.add(slope, 1)));
      },
    };
  });
  return tf.tidy(() => gelu(x) as T);
}

/** `sqrt(8 / pi) (1 + a x^2)`. */
function polynomial(x: tf.Tensor, a: number): tf.Tensor {
  return tf.add(tf.mul(tf.square(x), a * SLOPE), SLOPE);
}
