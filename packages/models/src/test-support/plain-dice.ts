import { affine, all, range, type Vector, type Weights } from './plain-rows.ts';

/**
 * Dice of rows, unit by unit: `p x + (1 - p) alpha x`, `p = sigmoid((x - mean) / sqrt(variance + 1e-9))`, by the mean
 * and the biased variance of the rows in training, else by the running ones.
 */
export function plainDice(w: Weights, name: string, rows: readonly Vector[], training: boolean): Vector[] {
  const alpha = all(w, `${name}.alpha`);
  const units = range(alpha.length);
  const mean = training
    ? units.map((u) => rows.reduce((sum, x) => sum + x[u], 0) / rows.length)
    : all(w, `${name}.bn.running_mean`);
  const variance = training
    ? units.map((u) => rows.reduce((sum, x) => sum + (x[u] - mean[u]) ** 2, 0) / rows.length)
    : all(w, `${name}.bn.running_var`);
  return rows.map((x) =>
    units.map((u) => {
      const p = 1 / (1 + Math.exp(-(x[u] - mean[u]) / Math.sqrt(variance[u] + 1e-9)));
      return p * x[u] + (1 - p) * alpha[u] * x[u];
    }),
  );
}

/** Hidden layers over rows with an activation that sees all of them, then a linear one where there is one more. */
export function plainHiddenRows(
  w: Weights,
  name: string,
  rows: readonly Vector[],
  hidden: number,
  activation: (rows: readonly Vector[], name: string) => Vector[],
): Vector[] {
  let all = [...rows];
  for (let i = 0; w.has(`${name}.${i}.weight`); i++) {
    all = all.map((x) => affine(w, `${name}.${i}`, x));
    if (i < hidden) all = activation(all, `${name}.${i}`);
  }
  return all;
}
