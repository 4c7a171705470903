import { layerNorm, layerNormGrad } from './layer-norm.ts';
import { linear, linearGrad } from './linear.ts';
import { siluSplit, siluSplitGrad } from './silu-split.ts';

export interface NormSiluSplitInput {
  readonly x: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  /** `D`: columns of x, rows of w. */
  readonly width: number;
  readonly sizes: readonly number[];
  readonly epsilon: number;
}

/** Float64 reference of `y_i = silu(layerNorm(x) w)[:, block i]`. */
export function normSiluSplit({ x, w, width, sizes, epsilon }: NormSiluSplitInput): Float64Array[] {
  return siluSplit(linear(layerNorm(x, width, epsilon), w, [], width, sum(sizes)), sizes);
}

/** Gradients of x and w at those of the outputs. */
export function normSiluSplitGrad(
  { x, w, width, sizes, epsilon }: NormSiluSplitInput,
  dys: readonly ArrayLike<number>[],
): { dx: Float64Array; dw: Float64Array } {
  const normed = layerNorm(x, width, epsilon);
  const dz = siluSplitGrad(linear(normed, w, [], width, sum(sizes)), dys, sizes);
  const { dx, dw } = linearGrad(normed, w, dz, width, sum(sizes));
  return { dx: layerNormGrad(x, dx, width, epsilon), dw };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
