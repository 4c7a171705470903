import type * as tf from '@tensorflow/tfjs-core';
import { LayerNorm, LayerNormGrad } from '../backends/kernel-names.ts';
import { UnsupportedError } from '../errors.ts';
import { assertDType, assertShape } from '../shapes.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

export interface NormOptions {
  /**
   * Added to the variance by {@link layerNorm}, to the mean square by `rmsNorm`, a floor of the norm in
   * {@link l2Normalize}; positive.
   */
  readonly epsilon?: number;
}

/**
 * `y = (x - mean) / sqrt(variance + epsilon)` over the last axis, biased variance, no affine part.
 *
 * @param x float32 `[..., D]`.
 * @param options epsilon, default 1e-6.
 * @returns a tensor of the shape of `x`.
 * @throws ShapeError, DTypeError, UnsupportedError when epsilon is not positive.
 *
 * Source: Ba et al. 2016 (arXiv:1607.06450). Differs from the paper in: no gain and no bias, as
 * in the public HSTU code.
 */
export function layerNorm<T extends tf.Tensor>(x: T, { epsilon = 1e-6 }: NormOptions = {}): T {
  checkNorm('layerNorm', x, epsilon);
  return runKernel<T>(LayerNorm, { x }, { epsilon });
}

/** Checks shared by the normalisations. */
export function checkNorm(op: string, x: tf.Tensor, epsilon: number): void {
  assertDType(x, 'float32', { op, name: 'x' });
  assertShape(x, '... D', { op, name: 'x' });
  if (!(epsilon > 0)) {
    throw new UnsupportedError(
      `${op}: expected a positive epsilon; got ${epsilon}; a row of zeros would divide by zero`,
    );
  }
}

registerGradientOnce({
  kernelName: LayerNorm,
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => {
    const dx = runKernel<tf.Tensor>(LayerNormGrad, { x, dy: dy as tf.Tensor }, attrs);
    return { x: () => dx };
  },
});
