import { linearLayer } from '@seqrec/core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * `x W^T (+ b)`: a linear map with PyTorch's weight layout, so that checkpoints of the reference load as they are.
 *
 * @param x shape `[T, D]`
 * @param weight shape `[E, D]`
 * @param bias shape `[E]`
 * @returns shape `[T, E]`
 */
export function linearOutIn(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  return linearLayer({ x, w: weight, b: bias });
}
