export interface AdagradConstants {
  /** Of this step: after any decay. */
  readonly learningRate: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Float64 reference of one step of Adagrad; returns new arrays. Source: Duchi et al. 2011, as torch writes it. */
export function adagradStep(
  state: { readonly param: ArrayLike<number>; readonly sum: ArrayLike<number> },
  grad: ArrayLike<number>,
  { learningRate, epsilon, weightDecay }: AdagradConstants,
): { param: Float64Array; sum: Float64Array } {
  const whole = Float64Array.from(state.param, (w, i) => grad[i] + weightDecay * w);
  const sum = Float64Array.from(state.sum, (old, i) => old + whole[i] ** 2);
  const param = Float64Array.from(state.param, (w, i) => w - (learningRate * whole[i]) / (Math.sqrt(sum[i]) + epsilon));
  return { param, sum };
}

/**
 * Float64 reference of row-wise Adagrad, one row that has a gradient: one sum, of mean squares. Rows without one do not
 * change. Source: torchrec 1.9.2, `optim/rowwise_adagrad.py`.
 */
export function rowwiseAdagradStep(
  state: { readonly param: ArrayLike<number>; readonly sum: number },
  grad: ArrayLike<number>,
  { learningRate, epsilon, weightDecay }: AdagradConstants,
): { param: Float64Array; sum: number } {
  const whole = Float64Array.from(state.param, (w, k) => grad[k] + weightDecay * w);
  const sum = state.sum + whole.reduce((total, g) => total + g * g, 0) / whole.length;
  const param = Float64Array.from(state.param, (w, k) => w - (learningRate * whole[k]) / (Math.sqrt(sum) + epsilon));
  return { param, sum };
}
