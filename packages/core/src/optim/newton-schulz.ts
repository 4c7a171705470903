import * as tf from '@tensorflow/tfjs-core';

export interface NewtonSchulzOptions {
  /** Steps of the iteration, default 5. */
  readonly steps?: number;
  /** `a`, `b`, `c` of the quintic; default 3.4445, -4.775, 2.0315. */
  readonly coefficients?: readonly [number, number, number];
  /** The norm is at least this, default 1e-7. */
  readonly epsilon?: number;
}

/**
 * About the nearest orthogonal matrix, `U V^T` of the singular value decomposition `G = U S V^T`:
 * `X = G / max(|G|, epsilon)`, then `steps` times `A = X X^T`, `X = a X + (b A + c A^2) X`; a matrix with more rows
 * than columns is transposed meanwhile. Singular values end between 0.68 and 1.2 where the largest is at most 100
 * times the smallest. In float32, where `torch.optim.Muon` takes bfloat16.
 *
 * @param x `[m, n]`. @returns `[m, n]`.
 * Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
 */
export function newtonSchulz(
  x: tf.Tensor2D,
  { steps = 5, coefficients = [3.4445, -4.775, 2.0315], epsilon = 1e-7 }: NewtonSchulzOptions = {},
): tf.Tensor2D {
  const [a, b, c] = coefficients;
  return tf.tidy(() => {
    const tall = x.shape[0] > x.shape[1];
    const norm = tf.maximum(tf.sqrt(tf.sum(tf.square(x))), epsilon);
    let y = tf.div<tf.Tensor2D>(tall ? tf.transpose(x) : x, norm);
    for (let step = 0; step < steps; step++) {
      const gram = tf.matMul(y, y, false, true);
      const factor = tf.add<tf.Tensor2D>(tf.mul(gram, b), tf.mul(tf.matMul(gram, gram), c));
      y = tf.add(tf.mul(y, a), tf.matMul(factor, y));
    }
    return tall ? tf.transpose(y) : y;
  });
}
