import { EvaluationError, UndefinedMetricError } from '../../errors.ts';
import { checkClasses } from './area.ts';
import type { ClickRows } from './rows.ts';
import { softplus } from './sigmoid.ts';

export interface LogLossOptions {
  /** Default `nats`; `bits` is the logarithm to base 2. */
  readonly unit?: 'nats' | 'bits';
}

export interface NormalizedEntropyOptions {
  /** Share of positives to be better than, for example of the training rows. Default: that of these rows. */
  readonly baseRate?: number;
}

/** Loss of each row in nats: `ln(1 + e^-z)` for label 1 and `ln(1 + e^z)` for label 0, with `shift` added to `z`. */
export function rowLosses({ logits, labels }: ClickRows, shift = 0): Float64Array {
  return logits.map((z, row) => softplus(labels[row] === 1 ? -(z + shift) : z + shift));
}

/**
 * Mean log loss, `-sum w (y ln p + (1 - y) ln(1 - p)) / sum w`, from the logits: a probability of 1 - 1e-30 keeps its
 * loss of 1e-30.
 *
 * @throws UndefinedMetricError where it is infinite: a probability of exactly 0 or 1 that was wrong, without a clip.
 */
export function logLoss(rows: ClickRows, { unit = 'nats' }: LogLossOptions = {}): number {
  const nats = meanLoss('logloss', rows, rowLosses(rows));
  return unit === 'bits' ? nats / Math.LN2 : nats;
}

/**
 * Log loss over the log loss of always answering with the base rate `b`: `logloss / -(q ln b + (1 - q) ln(1 - b))`, `q`
 * the share of positives of these rows. 1 is no better than that answer. With `b = q` the
 * divisor is the entropy of `q`.
 *
 * Source: He et al. 2014, section 3 (Practical Lessons from Predicting Clicks on Ads at Facebook).
 * @throws UndefinedMetricError for rows of one class, or where the log loss is infinite.
 */
export function normalizedEntropy(rows: ClickRows, options: NormalizedEntropyOptions = {}): number {
  const divisor = constantLoss('NE', rows, baseRateOf(rows, options));
  return meanLoss('NE', rows, rowLosses(rows)) / divisor;
}

/**
 * Log loss over that of always answering with the mean prediction `m`: `logloss / -(q ln m + (1 - q) ln(1 - m))`. A
 * model that is off by a constant is compared with an answer that is off as well.
 *
 * `summed` is what torchrec calls calibration-free NE: NE over the summed, not mean, loss of `m` in bits, so that it
 * shrinks with the number of rows.
 *
 * @throws UndefinedMetricError for rows of one class, or where the log loss is infinite.
 */
export function calibrationFreeEntropy(
  rows: ClickRows,
  { summed = false }: { readonly summed?: boolean } = {},
): number {
  const loss = meanLoss('calibration-free NE', rows, rowLosses(rows));
  const mean = rows.weightedSum(rows.probabilities) / rows.totalWeight;
  const ofMean = constantLoss('calibration-free NE', rows, mean);
  if (!summed) return loss / ofMean;
  return loss / constantLoss('calibration-free NE', rows, rows.baseRate) / ((ofMean * rows.totalWeight) / Math.LN2);
}

/** @throws EvaluationError for a base rate that is none. */
export function baseRateOf(rows: ClickRows, { baseRate = rows.baseRate }: NormalizedEntropyOptions): number {
  if (baseRate > 0 && baseRate < 1) return baseRate;
  // Both classes are asked for first: this is about what was given.
  checkClasses('NE', rows.positiveWeight, rows.totalWeight - rows.positiveWeight);
  throw new EvaluationError(`NE: baseRate: expected a number between 0 and 1; got ${baseRate}`);
}

/** Mean loss in nats of always answering with the probability `p`. */
export function constantLoss(metric: string, rows: ClickRows, p: number): number {
  checkClasses(metric, rows.positiveWeight, rows.totalWeight - rows.positiveWeight);
  return -(rows.baseRate * Math.log(p) + (1 - rows.baseRate) * Math.log1p(-p));
}

/** @throws UndefinedMetricError where it is infinite. */
export function meanLoss(metric: string, rows: ClickRows, losses: Float64Array): number {
  let sum = 0;
  // Not by `weightedSum`: a row of weight 0 has no part, however large its loss.
  for (let row = 0; row < rows.size; row++) if (rows.weights[row] > 0) sum += rows.weights[row] * losses[row];
  if (sum < Number.POSITIVE_INFINITY) return sum / rows.totalWeight;
  const row = losses.indexOf(Number.POSITIVE_INFINITY);
  throw new UndefinedMetricError(
    metric,
    `expected probabilities between 0 and 1; got ${rows.probabilities[row]} for label ${rows.labels[row]} in row ${row}, an infinite loss; give a clip`,
  );
}
