import type * as tf from '@tensorflow/tfjs-core';
import { NormSiluSplit, type NormSiluSplitAttrs, NormSiluSplitGrad } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { assertDType, assertShapes, describe } from '../shapes.ts';
import { checkNorm, type NormOptions } from './layer-norm.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';
import { problemOfSizes } from './silu-split.ts';

export interface NormSiluSplitResult {
  /** float32 `[T, sizes[i]]`, one a block. */
  readonly blocks: readonly tf.Tensor2D[];
  /** `x`, for the residual sum: read here, its gradient is added inside the kernel. */
  readonly skip: tf.Tensor2D;
}

/**
 * `y_i = silu(layerNorm(x) w)[:, block i]` in one pass over `x`: {@link layerNorm}, the product with `w` and
 * {@link siluSplit}. Neither the normalised rows nor the product are stored.
 *
 * @param x float32 `[T, D]`.
 * @param w float32 `[D, E]`.
 * @param sizes widths of the blocks: positive integers, their sum is `E`.
 * @param options epsilon of the norm, default 1e-6.
 * @throws ShapeError, DTypeError, UnsupportedError when epsilon is not positive.
 *
 * Source: Zhai et al. 2024, eq. 1 (arXiv:2402.17152): `U, V, Q, K = split(phi_1(f_1(X)))`.
 * Differs from the paper in: the norm of X, as in the public code; f_1 without bias.
 */
export function normSiluSplit(
  x: tf.Tensor2D,
  w: tf.Tensor2D,
  sizes: readonly number[],
  { epsilon = 1e-6 }: NormOptions = {},
): NormSiluSplitResult {
  const op = 'normSiluSplit';
  checkNorm(op, x, epsilon);
  assertDType(w, 'float32', { op, name: 'w' });
  const { E: width } = assertShapes(op, [
    ['x', x, 'T D'],
    ['w', w, 'D E'],
  ]);
  const problem = problemOfSizes(sizes, width);
  if (problem !== undefined) {
    throw new ShapeError(
      `${op}: expected w [D, E] and sizes of positive integers with the sum E; got w=${describe(w)}, sizes=[${sizes.join(', ')}]; ${problem}`,
    );
  }
  const attrs: NormSiluSplitAttrs = { sizes: [...sizes], epsilon };
  const outputs = runKernel<tf.Tensor2D[]>(NormSiluSplit, { x, w }, attrs);
  return { blocks: outputs.slice(0, -1), skip: outputs[sizes.length] };
}

registerGradientOnce({
  kernelName: NormSiluSplit,
  inputsToSave: ['x', 'w'],
  outputsToSave: [true],
  gradFunc: (dys, [x, w, y0], attrs) => {
    const inputs = Object.fromEntries((dys as tf.Tensor[]).map((dy, i) => [`dy${i}`, dy]));
    const [dx, dw] = runKernel<tf.Tensor[]>(NormSiluSplitGrad, { x, w, y0, ...inputs }, attrs);
    return { x: () => dx, w: () => dw };
  },
});
