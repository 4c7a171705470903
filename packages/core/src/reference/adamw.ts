/**
 * Float64 reference of AdamW. Source: Loshchilov and Hutter 2019, algorithm 2 (arXiv:1711.05101), as torch writes it.
 */
export interface AdamWConstants {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** One step, counted from 1; returns new arrays. */
export function adamWStep(
  state: { readonly param: ArrayLike<number>; readonly m: ArrayLike<number>; readonly v: ArrayLike<number> },
  grad: ArrayLike<number>,
  step: number,
  { learningRate, beta1, beta2, epsilon, weightDecay }: AdamWConstants,
): { param: Float64Array; m: Float64Array; v: Float64Array } {
  const m = Float64Array.from(state.m, (old, i) => beta1 * old + (1 - beta1) * grad[i]);
  const v = Float64Array.from(state.v, (old, i) => beta2 * old + (1 - beta2) * grad[i] ** 2);
  const param = Float64Array.from(state.param, (old, i) => {
    const mHat = m[i] / (1 - beta1 ** step);
    const vHat = v[i] / (1 - beta2 ** step);
    return old * (1 - learningRate * weightDecay) - (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
  });
  return { param, m, v };
}
