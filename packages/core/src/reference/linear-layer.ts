import { dropout } from './dropout.ts';
import { linear, linearGrad, transposed } from './linear.ts';

export interface LinearLayerInput {
  readonly x: ArrayLike<number>;
  /** `[E, width]`. */
  readonly w: ArrayLike<number>;
  /** `[E]`. */
  readonly b: ArrayLike<number>;
  /** Like the output, or empty. */
  readonly residual: ArrayLike<number>;
  readonly width: number;
  readonly relu: boolean;
  readonly rate: number;
  readonly keep: readonly boolean[];
}

/** Float64 reference of `y = dropout(act(x w^T + b)) + residual`. */
export function linearLayer(input: LinearLayerInput): Float64Array {
  const { residual, relu, rate, keep } = input;
  const z = mapped(input);
  const y = dropout(relu ? z.map((value) => Math.max(0, value)) : z, keep, rate);
  return residual.length === 0 ? y : y.map((value, i) => value + residual[i]);
}

/** Gradients of x, w and b; that of the residual is `dy`. */
export function linearLayerGrad(
  input: LinearLayerInput,
  dy: ArrayLike<number>,
): { dx: Float64Array; dw: Float64Array; db: Float64Array } {
  const { x, w, b, width, relu, rate, keep } = input;
  const z = relu ? mapped(input) : undefined;
  const g = dropout(dy, keep, rate).map((value, i) => (z === undefined || z[i] > 0 ? value : 0));
  const { dx, dw, db } = linearGrad(x, transposed(w, width), g, width, b.length);
  return { dx, dw: transposed(dw, b.length), db };
}

function mapped({ x, w, b, width }: LinearLayerInput): Float64Array {
  return linear(x, transposed(w, width), b, width, b.length);
}
