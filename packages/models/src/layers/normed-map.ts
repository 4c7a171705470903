import type { LinearMap } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

export interface NormedMap {
  /** `[E, D]`. */
  readonly w: tf.Tensor2D;
  /** `[E]`. */
  readonly b?: tf.Tensor1D;
  /** Of the norm before the map, `[D]` each. */
  readonly gain: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
  /** Added to the variance. */
  readonly epsilon: number;
}

/**
 * A map of a layer norm with gain `g` and bias `c` as a map of one without, whose kernel makes the norm by the way:
 *
 *     (LN(x) * g + c) W^T + b = LN(x) (W diag(g))^T + (b + W c)
 */
export function normedMap({ w, b, gain, bias, epsilon }: NormedMap): Required<Pick<LinearMap, 'w' | 'b' | 'norm'>> {
  const shift = tf.tidy(() => {
    const shifted = tf.reshape(tf.matMul(w, tf.reshape(bias, [-1, 1])), [-1]) as tf.Tensor1D;
    return b === undefined ? shifted : tf.add(shifted, b);
  });
  return { w: tf.mul(w, gain), b: shift as tf.Tensor1D, norm: { epsilon } };
}
