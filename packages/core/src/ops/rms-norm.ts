import type * as tf from '@tensorflow/tfjs-core';
import { RmsNorm, RmsNormGrad } from '../backends/kernel-names.ts';
import { checkNorm, type NormOptions } from './layer-norm.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

/**
 * `y = x / sqrt(mean(x^2) + epsilon)` over the last axis, no gain. A row of zeros stays zero, and its gradient
 * is `dy / sqrt(epsilon)`.
 *
 * Gradient: with r the root, `(dy - y mean(y dy)) / r`.
 *
 * @param x float32 `[..., D]`.
 * @param options epsilon, default 1e-6.
 * @returns a tensor of the shape of `x`.
 * @throws ShapeError, DTypeError, UnsupportedError when epsilon is not positive.
 *
 * Source: Zhang & Sennrich 2019, eq. 4 (arXiv:1910.07467). Differs from the paper in: epsilon, as in
 * the public code of Llama.
 */
export function rmsNorm<T extends tf.Tensor>(x: T, { epsilon = 1e-6 }: NormOptions = {}): T {
  checkNorm('rmsNorm', x, epsilon);
  return runKernel<T>(RmsNorm, { x }, { epsilon });
}

registerGradientOnce({
  kernelName: RmsNorm,
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const dx = runKernel<tf.Tensor>(RmsNormGrad, { x, dy: dy as tf.Tensor }, attrs);
    return { x: () => dx };
  },
});
