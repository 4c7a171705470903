import type { ScoredRows } from './rows.ts';

/** `sum w (s - y)^2 / sum w`. */
export function meanSquaredError(rows: ScoredRows): number {
  return rows.weightedSum(rows.scores.map((score, row) => (score - rows.labels[row]) ** 2)) / rows.totalWeight;
}

/** The root of the mean squared error. */
export function rootMeanSquaredError(rows: ScoredRows): number {
  return Math.sqrt(meanSquaredError(rows));
}

/** `sum w |s - y| / sum w`. */
export function meanAbsoluteError(rows: ScoredRows): number {
  return rows.weightedSum(rows.scores.map((score, row) => Math.abs(score - rows.labels[row]))) / rows.totalWeight;
}
