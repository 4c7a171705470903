import { all, type Vector, type Weights } from './plain-rows.ts';

/** Layer norm with the weights `<name>.*`, epsilon 1e-5. */
export function plainNorm(w: Weights, name: string, x: Vector): Vector {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const [weight, bias] = [all(w, `${name}.weight`), all(w, `${name}.bias`)];
  return x.map((value, d) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[d] + bias[d]);
}
