import { type GatedNormInput, gatedNorm, gatedNormGrad } from './gated-norm.ts';
import { linear, linearGrad, transposed } from './linear.ts';

export interface GatedNormLinearInput extends GatedNormInput {
  /** `[D, width]`. */
  readonly w: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  readonly residual: ArrayLike<number>;
}

/** Float64 reference of `out = dropout(u * layerNorm(x)) w^T + b + residual`. */
export function gatedNormLinear(input: GatedNormLinearInput): Float64Array {
  const { w, b, residual, width } = input;
  return linear(gatedNorm(input), transposed(w, width), b, width, b.length).map((y, i) => y + residual[i]);
}

/** Gradients of u, x, w and b; that of the residual is `dy`. */
export function gatedNormLinearGrad(
  input: GatedNormLinearInput,
  dy: ArrayLike<number>,
): { du: Float64Array; dx: Float64Array; dw: Float64Array; db: Float64Array } {
  const { w, b, width } = input;
  const map = linearGrad(gatedNorm(input), transposed(w, width), dy, width, b.length);
  return { ...gatedNormGrad(input, map.dx), dw: transposed(map.dw, b.length), db: map.db };
}
