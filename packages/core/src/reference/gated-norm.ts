import { dropout } from './dropout.ts';
import { layerNorm, layerNormGrad } from './layer-norm.ts';

export interface GatedNormInput {
  readonly u: ArrayLike<number>;
  readonly x: ArrayLike<number>;
  readonly width: number;
  readonly epsilon: number;
  readonly rate: number;
  /** Which elements of `y` dropout keeps. */
  readonly keep: readonly boolean[];
}

/** Float64 reference of `y = dropout(u * layerNorm(x))` over rows of `width`. */
export function gatedNorm({ u, x, width, epsilon, rate, keep }: GatedNormInput): Float64Array {
  const normed = layerNorm(x, width, epsilon);
  return dropout(
    normed.map((value, i) => u[i] * value),
    keep,
    rate,
  );
}

/** With `g = dropout(dy)`: `du = g * layerNorm(x)`, `dx` the gradient of the norm at `g * u`. */
export function gatedNormGrad(
  { u, x, width, epsilon, rate, keep }: GatedNormInput,
  dy: ArrayLike<number>,
): { du: Float64Array; dx: Float64Array } {
  const normed = layerNorm(x, width, epsilon);
  const g = dropout(dy, keep, rate);
  const dNormed = g.map((value, i) => value * u[i]);
  return { du: g.map((value, i) => value * normed[i]), dx: layerNormGrad(x, dNormed, width, epsilon) };
}
