import type * as tf from '@tensorflow/tfjs-core';
import { GatedNorm, type GatedNormAttrs, GatedNormGrad } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { assertDType, assertShapes, describe } from '../shapes.ts';
import { type DropoutOptions, dropoutAttrs } from './dropout.ts';
import { checkNorm, type NormOptions } from './layer-norm.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

export interface GatedNormOptions extends NormOptions {
  /** Dropout on the product; its mask, and `stream.first` of a part, are those of `dropout(u * layerNorm(x))`. */
  readonly dropout?: DropoutOptions;
}

/**
 * `y = dropout(u * layerNorm(x))` in one pass; the norm is over the last axis, without affine part.
 *
 * Gradient, with `g = dropout(dy)`: `du = g * layerNorm(x)`, `dx` that of {@link layerNorm} at `g * u`.
 *
 * @param u float32 `[..., D]`: the gate.
 * @param x float32, the shape of `u`.
 * @param options epsilon, default 1e-6; dropout, off when absent.
 * @returns a tensor of the shape of `x`.
 * @throws ShapeError, DTypeError, UnsupportedError when epsilon is not positive or the rate is outside `[0, 1)`.
 *
 * Source: Zhai et al. 2024, eq. 3 (arXiv:2402.17152): the argument of `f_2`.
 * Differs from the paper in: dropout, as in the public code; no gain and no bias of the norm.
 */
export function gatedNorm<T extends tf.Tensor>(u: T, x: T, { epsilon = 1e-6, dropout }: GatedNormOptions = {}): T {
  const op = 'gatedNorm';
  checkNorm(op, x, epsilon);
  assertDType(u, 'float32', { op, name: 'u' });
  assertShapes(op, [
    ['u', u, '... D'],
    ['x', x, '... D'],
  ]);
  if (u.shape.join() !== x.shape.join()) {
    throw new ShapeError(
      `${op}: expected u and x of one shape [..., D]; got u=${describe(u)}, x=${describe(x)}; nothing is broadcast`,
    );
  }
  const attrs: GatedNormAttrs = { epsilon, ...dropoutAttrs(op, dropout) };
  return runKernel<T>(GatedNorm, { u, x }, attrs);
}

registerGradientOnce({
  kernelName: GatedNorm,
  inputsToSave: ['u', 'x'],
  gradFunc: (dy, [u, x], attrs) => {
    const [dU, dX] = runKernel<tf.Tensor[]>(GatedNormGrad, { u, x, dy: dy as tf.Tensor }, attrs);
    return { u: () => dU, x: () => dX };
  },
});
