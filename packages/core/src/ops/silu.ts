import type * as tf from '@tensorflow/tfjs-core';
import { Silu, SiluGrad } from '../backends/kernel-names.ts';
import { assertDType } from '../shapes.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

/**
 * `y = x * sigmoid(x)`, elementwise.
 *
 * Gradient: `dx = dy * s * (1 + x * (1 - s))`, `s = sigmoid(x)`.
 *
 * @param x float32, any shape.
 * @returns a tensor of the shape of `x`.
 * @throws DTypeError when `x` is not float32.
 *
 * Source: Elfwing et al. 2018 (arXiv:1702.03118); phi_1 and phi_2 of Zhai et al. 2024, eq. 1-2.
 */
export function silu<T extends tf.Tensor>(x: T): T {
  assertDType(x, 'float32', { op: 'silu', name: 'x' });
  return runKernel<T>(Silu, { x });
}

registerGradientOnce({
  kernelName: Silu,
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => {
    const dx = runKernel<tf.Tensor>(SiluGrad, { x, dy: dy as tf.Tensor });
    return { x: () => dx };
  },
});
