import { EvaluationError, UndefinedMetricError } from '../../errors.ts';
import { checkClasses } from './area.ts';
import { baseRateOf, constantLoss, meanLoss, type NormalizedEntropyOptions, rowLosses } from './log-loss.ts';
import type { ClickRows } from './rows.ts';
import { sigmoid } from './sigmoid.ts';

export interface RecalibrationOptions extends NormalizedEntropyOptions {
  /** `c` of `p' = p / (p + (1 - p) / c)`. Default: fitted on these rows, so that `sum w p' = sum w y`. */
  readonly coefficient?: number;
}

export interface Recalibrated {
  readonly value: number;
  readonly coefficient: number;
}

/**
 * Normalised entropy of `p' = p / (p + (1 - p) / c)`, which adds `ln c` to every logit. With `c` fitted the mean
 * prediction is right, so what is left of the loss is of telling rows apart: NE minus this is the price of a
 * prediction that is off by a constant. It is a diagnosis of the evaluated rows, no calibrator.
 *
 * Source: `ne_with_recalibration` of torchrec 1.9.2, which takes a configured `c` (the rate at which negatives were
 * sampled).
 * @throws UndefinedMetricError for rows of one class, where the log loss is infinite, or where no `c` fits.
 */
export function recalibratedEntropy(rows: ClickRows, options: RecalibrationOptions = {}): Recalibrated {
  const baseRate = baseRateOf(rows, options);
  const shift = options.coefficient === undefined ? fittedShift(rows) : Math.log(options.coefficient);
  if (!Number.isFinite(shift)) {
    throw new EvaluationError(`NE recalibrated: coefficient: expected a number above 0; got ${options.coefficient}`);
  }
  const metric = 'NE recalibrated';
  const loss = meanLoss(metric, rows, rowLosses(rows, shift));
  return { value: loss / constantLoss(metric, rows, baseRate), coefficient: Math.exp(shift) };
}

/** Beyond this no probability of a logit near 0 differs from 0 or 1. */
const FURTHEST = 2000;

/**
 * The shift `d` with `sum w sigmoid(z + d) = sum w y`: Newton, and halves of the interval where Newton leaves it.
 *
 * @throws UndefinedMetricError where none does: rows of one class, or too many probabilities of exactly 0 or 1.
 */
export function fittedShift(rows: ClickRows): number {
  checkClasses('NE recalibrated', rows.positiveWeight, rows.totalWeight - rows.positiveWeight);
  const excess = (shift: number): readonly [number, number] => {
    let [sum, slope] = [-rows.positiveWeight, 0];
    for (let row = 0; row < rows.size; row++) {
      const p = sigmoid(rows.logits[row] + shift);
      sum += rows.weights[row] * p;
      slope += rows.weights[row] * p * (1 - p);
    }
    return [sum, slope];
  };
  const largest = rows.logits.reduce((most, z) => (Number.isFinite(z) ? Math.max(most, Math.abs(z)) : most), 0);
  let [low, high] = [-largest - FURTHEST, largest + FURTHEST];
  const within = 1e-14 * rows.totalWeight;
  let shift = 0;
  for (let step = 0; step < 200; step++) {
    const [sum, slope] = excess(shift);
    if (Math.abs(sum) <= within) return shift;
    if (sum > 0) high = shift;
    else low = shift;
    const newton = shift - sum / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (next === shift || high - low < 1e-14 * (1 + Math.abs(low))) break;
    shift = next;
  }
  if (Math.abs(excess(shift)[0]) <= 1e-9 * rows.totalWeight) return shift;
  throw new UndefinedMetricError(
    'NE recalibrated',
    'expected a coefficient that makes the mean prediction that of the labels; got none, since too many probabilities are exactly 0 or 1; give a clip',
  );
}
