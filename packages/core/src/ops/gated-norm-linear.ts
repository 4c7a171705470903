import * as tf from '@tensorflow/tfjs-core';
import { type GatedNormAttrs, GatedNormLinear, GatedNormLinearGrad } from '../backends/kernel-names.ts';
import { assertDType, assertShapes, type Expected } from '../shapes.ts';
import { dropoutAttrs } from './dropout.ts';
import type { GatedNormOptions } from './gated-norm.ts';
import { checkNorm } from './layer-norm.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

export interface GatedNormLinearOptions extends GatedNormOptions {
  /** float32 `[T, C]`: the gate. */
  readonly u: tf.Tensor2D;
  /** float32 `[T, C]`: what is normalised. */
  readonly x: tf.Tensor2D;
  /** float32 `[D, C]`: PyTorch's layout. */
  readonly w: tf.Tensor2D;
  /** float32 `[D]`. */
  readonly b: tf.Tensor1D;
  /** float32 `[T, D]`. */
  readonly residual: tf.Tensor2D;
}

/**
 * `dropout(u * layerNorm(x)) w^T + b + residual` in one pass: {@link gatedNorm}, a linear map and the residual sum.
 * The mask covers `[T, C]`: rows `r ..` alone are dropped as in the whole batch with `stream.first` raised by `r C`.
 *
 * @returns float32 `[T, D]`.
 * @throws ShapeError, DTypeError, UnsupportedError when epsilon is not positive or the rate is outside `[0, 1)`.
 *
 * Source: Zhai et al. 2024, eq. 3 (arXiv:2402.17152): `Y = f_2(Norm(A V) * U)`.
 * Differs from the paper in: dropout, the bias and the residual sum, as in the public code; no gain
 * and no bias of the norm.
 */
export function gatedNormLinear(options: GatedNormLinearOptions): tf.Tensor2D {
  const { u, x, w, b, residual, epsilon = 1e-6, dropout } = options;
  const op = 'gatedNormLinear';
  checkNorm(op, x, epsilon);
  const expected: Expected[] = [
    ['u', u, 'T C'],
    ['x', x, 'T C'],
    ['w', w, 'D C'],
    ['b', b, 'D'],
    ['residual', residual, 'T D'],
  ];
  assertShapes(op, expected);
  for (const [name, tensor] of expected) assertDType(tensor, 'float32', { op, name });
  const attrs: GatedNormAttrs = { epsilon, ...dropoutAttrs(op, dropout) };
  return runKernel<tf.Tensor2D>(GatedNormLinear, { u, x, w, b, residual }, attrs);
}

registerGradientOnce({
  kernelName: GatedNormLinear,
  inputsToSave: ['u', 'x', 'w'],
  outputsToSave: [true],
  gradFunc: (dy, [u, x, w, y], attrs) => {
    const [du, dx, dw, db] = runKernel<tf.Tensor[]>(GatedNormLinearGrad, { u, x, w, y, dy: dy as tf.Tensor }, attrs);
    return { u: () => du, x: () => dx, w: () => dw, b: () => db, residual: () => tf.clone(dy as tf.Tensor) };
  },
});
