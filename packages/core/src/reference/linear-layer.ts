import { dropout } from './dropout.ts';
import { layerNorm, layerNormGrad } from './layer-norm.ts';
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
  readonly activation: 'none' | 'relu' | 'gelu';
  readonly rate: number;
  readonly keep: readonly boolean[];
  /** Of the layer norm of x; 0: none. */
  readonly epsilon: number;
}

/** Float64 reference of `y = dropout(act(n w^T + b)) + residual`, n being x or its layer norm. */
export function linearLayer(input: LinearLayerInput): Float64Array {
  const { residual, activation, rate, keep } = input;
  const y = dropout(
    mapped(input).map((z) => activate[activation](z)),
    keep,
    rate,
  );
  return residual.length === 0 ? y : y.map((value, i) => value + residual[i]);
}

/** What the map reads: x, or its layer norm. */
export function linearLayerRows({ x, width, epsilon }: LinearLayerInput): Float64Array {
  return epsilon > 0 ? layerNorm(x, width, epsilon) : Float64Array.from(x);
}

/** Gradients of x (with `dRows`, that of what the map reads by another use), w and b; that of the residual is `dy`. */
export function linearLayerGrad(
  input: LinearLayerInput,
  dy: ArrayLike<number>,
  dRows?: ArrayLike<number>,
): { dx: Float64Array; dw: Float64Array; db: Float64Array } {
  const { x, w, b, width, activation, rate, keep, epsilon } = input;
  const z = mapped(input);
  const g = dropout(dy, keep, rate).map((value, i) => value * slope[activation](z[i]));
  const { dx, dw, db } = linearGrad(linearLayerRows(input), transposed(w, width), g, width, b.length);
  const dn = dx.map((value, i) => value + (dRows?.[i] ?? 0));
  return { dx: epsilon > 0 ? layerNormGrad(x, dn, width, epsilon) : dn, dw: transposed(dw, b.length), db };
}

const CUBIC = 0.044715;
const SCALE = Math.sqrt(2 / Math.PI);

const activate = {
  none: (z: number) => z,
  relu: (z: number) => Math.max(0, z),
  gelu: (z: number) => (z / 2) * (1 + Math.tanh(SCALE * (z + CUBIC * z ** 3))),
};

const slope = {
  none: () => 1,
  relu: (z: number) => (z > 0 ? 1 : 0),
  gelu: (z: number) => {
    const tanh = Math.tanh(SCALE * (z + CUBIC * z ** 3));
    return (1 + tanh) / 2 + (z / 2) * (1 - tanh ** 2) * SCALE * (1 + 3 * CUBIC * z ** 2);
  },
};

function mapped(input: LinearLayerInput): Float64Array {
  const { w, b, width } = input;
  return linear(linearLayerRows(input), transposed(w, width), b, width, b.length);
}
