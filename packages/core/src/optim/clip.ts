import * as tf from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../errors.ts';

/** Gradients after clipping; the caller disposes all of it. */
export interface ClippedGradients {
  readonly gradients: tf.NamedTensorMap;
  /** Root of the sum of all squares, before clipping. On the backend: nothing waits for it. */
  readonly norm: tf.Scalar;
}

/**
 * Scales all gradients by one factor so that their common norm is at most `maxNorm`:
 * `norm = sqrt(sum over all tensors of sum(g^2))`, `factor = min(1, maxNorm / (norm + 1e-6))`.
 *
 * Sums of squares are added in the order of the map, so give it in an order of your own (names that TensorFlow.js makes
 * up differ between runs). Gradients of distinct rows of a table are a tensor like others: the norm is that
 * of the dense gradient. Below `maxNorm` gradients keep their bits. A norm that is not finite makes gradients
 * NaN or 0, as in PyTorch.
 *
 * @param gradients any shapes; stay the caller's.
 * @throws UnsupportedError for a `maxNorm` that is not positive.
 * Source: `torch.nn.utils.clip_grad_norm_`.
 */
export function clipByGlobalNorm(gradients: tf.NamedTensorMap, maxNorm: number): ClippedGradients {
  checkNorm('clipByGlobalNorm', maxNorm);
  return tf.tidy(() => {
    const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)) as tf.Scalar);
    return { ...clipByNorm(gradients, squares, maxNorm) };
  });
}

/**
 * {@link clipByGlobalNorm} by sums of squares that the caller has made, in an order of its own.
 *
 * @param squares scalars; stay the caller's.
 * @throws UnsupportedError for a `maxNorm` that is not positive.
 */
export function clipByNorm(
  gradients: tf.NamedTensorMap,
  squares: readonly tf.Scalar[],
  maxNorm: number,
): ClippedGradients {
  checkNorm('clipByNorm', maxNorm);
  return tf.tidy(() => {
    const norm = tf.sqrt(squares.reduce((sum, each) => tf.add(sum, each), tf.scalar(0))) as tf.Scalar;
    // In this order: the minimum of 1 and NaN is 1 on `wasm`.
    const factor = tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
    const clipped = Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, factor)] as const);
    return { gradients: Object.fromEntries(clipped), norm };
  });
}

function checkNorm(name: string, maxNorm: number): void {
  if (!(maxNorm > 0)) throw new UnsupportedError(`${name}: expected maxNorm > 0; got ${maxNorm}`);
}
