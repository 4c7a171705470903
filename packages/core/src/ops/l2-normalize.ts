import type * as tf from '@tensorflow/tfjs-core';
import { L2Normalize, L2NormalizeGrad } from '../backends/kernel-names.ts';
import { checkNorm, type NormOptions } from './layer-norm.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

/**
 * `y = x / max(||x||_2, epsilon)` over the last axis.
 *
 * Gradient: `(dy - y (y . dy)) / ||x||` where the norm exceeds epsilon, `dy / epsilon` elsewhere.
 *
 * @param x float32 `[..., D]`.
 * @param options epsilon, default 1e-6.
 * @returns a tensor of the shape of `x`.
 * @throws ShapeError, DTypeError, UnsupportedError when epsilon is not positive.
 */
export function l2Normalize<T extends tf.Tensor>(x: T, { epsilon = 1e-6 }: NormOptions = {}): T {
  checkNorm('l2Normalize', x, epsilon);
  return runKernel<T>(L2Normalize, { x }, { epsilon });
}

registerGradientOnce({
  kernelName: L2Normalize,
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const dx = runKernel<tf.Tensor>(L2NormalizeGrad, { x, dy: dy as tf.Tensor }, attrs);
    return { x: () => dx };
  },
});
