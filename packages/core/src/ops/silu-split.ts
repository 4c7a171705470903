import type * as tf from '@tensorflow/tfjs-core';
import { SiluSplit, type SiluSplitAttrs, SiluSplitGrad } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { assertDType, assertShape, describe } from '../shapes.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

/**
 * Splits columns and applies SiLU in one pass: `y_i = silu(z[:, block i])`, block `i` the next `sizes[i]` columns.
 *
 * Gradient: as of {@link silu}, the blocks side by side; an output that is not used adds zeros.
 *
 * @param z float32 `[T, E]`.
 * @param sizes widths of the blocks: positive integers, their sum is `E`.
 * @returns one float32 `[T, sizes[i]]` a block.
 * @throws ShapeError, DTypeError.
 *
 * Source: Zhai et al. 2024, eq. 1 (arXiv:2402.17152): `U, V, Q, K = split(phi_1(f_1(X)))`.
 */
export function siluSplit(z: tf.Tensor2D, sizes: readonly number[]): tf.Tensor2D[] {
  const op = 'siluSplit';
  assertDType(z, 'float32', { op, name: 'z' });
  const { E: width } = assertShape(z, 'T E', { op, name: 'z' });
  const problem = problemOfSizes(sizes, width);
  if (problem !== undefined) {
    throw new ShapeError(
      `${op}: expected z [T, E] and sizes of positive integers with the sum E; got z=${describe(z)}, sizes=[${sizes.join(', ')}]; ${problem}`,
    );
  }
  const attrs: SiluSplitAttrs = { sizes: [...sizes] };
  return runKernel<tf.Tensor2D[]>(SiluSplit, { z }, attrs);
}

/** What is wrong with the widths of blocks that make up `width` columns, if anything. */
export function problemOfSizes(sizes: readonly number[], width: number): string | undefined {
  if (!sizes.every(Number.isInteger)) return 'a block has whole columns';
  if (sizes.length === 0) return 'there is no block';
  if (sizes.some((size) => size <= 0)) return 'leave empty blocks out';
  const sum = sizes.reduce((total, size) => total + size, 0);
  return sum === width ? undefined : `their sum is ${sum}`;
}

registerGradientOnce({
  kernelName: SiluSplit,
  inputsToSave: ['z'],
  gradFunc: (dy, [z], attrs) => {
    // tfjs hands over a bare tensor when there is a single output.
    const dys = Array.isArray(dy) ? dy : [dy];
    const inputs = Object.fromEntries(dys.map((d, i) => [`dy${i}`, d]));
    const dz = runKernel<tf.Tensor>(SiluSplitGrad, { z, ...inputs }, attrs);
    return { z: () => dz };
  },
});
