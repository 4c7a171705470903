import type { AdamWConstants } from './adamw.ts';

/** State of one row of a table: `m` as wide as the row, one `v`, and how many steps have touched the row. */
export interface RowState {
  readonly param: ArrayLike<number>;
  readonly m: ArrayLike<number>;
  readonly v: number;
  readonly steps: number;
}

/**
 * Float64 reference of row-wise AdamW, one row and one step in which the row has a gradient; rows
 * without one do not change.
 * Source: Zhai et al. 2024, section 3 (arXiv:2402.17152), which names the rule; the form is
 * FBGEMM's partial row-wise Adam.
 */
export function rowwiseAdamWStep(
  row: RowState,
  grad: ArrayLike<number>,
  { learningRate, beta1, beta2, epsilon, weightDecay }: AdamWConstants,
): { param: Float64Array; m: Float64Array; v: number; steps: number } {
  const steps = row.steps + 1;
  const meanSquare = Array.from(grad).reduce((sum, g) => sum + g * g, 0) / grad.length;
  const m = Float64Array.from(row.m, (old, k) => beta1 * old + (1 - beta1) * grad[k]);
  const v = beta2 * row.v + (1 - beta2) * meanSquare;
  const root = Math.sqrt(v / (1 - beta2 ** steps)) + epsilon;
  const param = Float64Array.from(row.param, (w, k) => {
    const mHat = m[k] / (1 - beta1 ** steps);
    return w - learningRate * (mHat / root + weightDecay * w);
  });
  return { param, m, v, steps };
}
