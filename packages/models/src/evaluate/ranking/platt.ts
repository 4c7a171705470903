import { EvaluationError } from '../../errors.ts';
import { type Calibrator, finiteLogits } from './calibrator.ts';
import type { ClickRows } from './rows.ts';
import { sigmoid, softplus } from './sigmoid.ts';

export interface PlattOptions {
  /**
   * Labels `(n+ + 1) / (n+ + 2)` and `1 / (n- + 2)` in place of 1 and 0, `n` the weight of each class: Platt's paper
   * and scikit-learn's `CalibratedClassifierCV`. Default false: plain maximum likelihood.
   */
  readonly smoothing?: boolean;
}

/** `p = sigmoid(slope z + intercept)`. */
export interface PlattCalibrator extends Calibrator {
  readonly kind: 'platt';
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Fits slope and intercept on logits by maximum likelihood, with Newton's method. The rows are those of validation:
 * rows that are evaluated later must not be among them.
 *
 * Source: Platt 1999 (Probabilistic outputs for support vector machines); Lin, Lin and Weng 2007 (A note on Platt's
 * probabilistic outputs), for the step that is halved.
 * @throws EvaluationError for logits that are infinite or all equal; without smoothing also for rows of one class and
 *   for logits that part the classes, where no maximum exists.
 */
export function fitPlatt(validation: ClickRows, { smoothing = false }: PlattOptions = {}): PlattCalibrator {
  const logits = finiteLogits('platt', validation);
  const { labels, weights, totalWeight, positiveWeight } = validation;
  const mean = validation.weightedSum(logits) / totalWeight;
  const spread = Math.sqrt(validation.weightedSum(logits.map((z) => (z - mean) ** 2)) / totalWeight);
  if (!(spread > 0)) {
    throw new EvaluationError(`platt: expected logits that differ; got ${logits.length} rows of ${logits[0]}`);
  }
  if (!smoothing) checkMixed(validation, logits);
  const up = smoothing ? (positiveWeight + 1) / (positiveWeight + 2) : 1;
  const down = smoothing ? 1 / (totalWeight - positiveWeight + 2) : 0;
  const targets = labels.map((label) => (label === 1 ? up : down));
  // Of mean 0 and spread 1, so that the two steps of a Newton step are of one size whatever the logits are.
  const inputs = logits.map((z) => (z - mean) / spread);
  const [slope, intercept] = newton(inputs, targets, weights);
  const fitted = { slope: slope / spread, intercept: intercept - (slope * mean) / spread };
  return {
    kind: 'platt',
    ...fitted,
    definition: `sigmoid(${fitted.slope.toPrecision(6)} logit + ${fitted.intercept.toPrecision(6)}), maximum likelihood${smoothing ? ' with smoothed labels' : ''} on ${validation.size} rows of validation`,
    predict: (given) => Float64Array.from(given, (z) => sigmoid(fitted.slope * z + fitted.intercept)),
    predictLogits: (given) => Float64Array.from(given, (z) => fitted.slope * z + fitted.intercept),
  };
}

/** Rows with weight of one class, or with all positives on one side of all negatives, have no finite best slope. */
function checkMixed({ labels, weights }: ClickRows, logits: Float64Array): void {
  const ends = (label: number): readonly [number, number] => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const [row, z] of logits.entries()) {
      if (labels[row] !== label || weights[row] === 0) continue;
      low = Math.min(low, z);
      high = Math.max(high, z);
    }
    return [low, high];
  };
  const [lowNegative, highNegative] = ends(0);
  const [lowPositive, highPositive] = ends(1);
  if (lowPositive === Number.POSITIVE_INFINITY || lowNegative === Number.POSITIVE_INFINITY) {
    throw new EvaluationError(
      `platt: expected positives and negatives; got ${logits.length} rows of one class; use more rows, or smoothing`,
    );
  }
  if (lowPositive < highNegative && lowNegative < highPositive) return;
  throw new EvaluationError(
    `platt: expected positives and negatives that overlap; got logits of ${lowNegative} to ${highNegative} for label 0 and of ${lowPositive} to ${highPositive} for label 1; use more rows, or smoothing`,
  );
}

function newton(inputs: Float64Array, targets: Float64Array, weights: Float64Array): [number, number] {
  const lossAt = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < inputs.length; i++) {
      const z = a * inputs[i] + b;
      sum += weights[i] * (targets[i] * softplus(-z) + (1 - targets[i]) * softplus(z));
    }
    return sum;
  };
  let [a, b] = [0, 0];
  let loss = lossAt(a, b);
  for (let step = 0; step < 100; step++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 0, 0, 0];
    for (let i = 0; i < inputs.length; i++) {
      const [x, p] = [inputs[i], sigmoid(a * inputs[i] + b)];
      const [error, curve] = [weights[i] * (p - targets[i]), weights[i] * p * (1 - p)];
      ga += error * x;
      gb += error;
      haa += curve * x * x;
      hab += curve * x;
      hbb += curve;
    }
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
    // Close to the best place a loss says nothing below its rounding: there the full step is taken as it is.
    const most = loss * (1 + 1e-12);
    let size = 1;
    let next = lossAt(a - da, b - db);
    // `!(<=)`: a step into what is no number is halved too.
    while (!(next <= most) && size > 1e-10) {
      size /= 2;
      next = lossAt(a - size * da, b - size * db);
    }
    if (!(next <= most)) return [a, b];
    [a, b, loss] = [a - size * da, b - size * db, next];
    // Newton doubles the digits: those of the place after such a step are all that there are.
    if (size === 1 && Math.abs(da) + Math.abs(db) <= 1e-10 * (1 + Math.abs(a) + Math.abs(b))) return [a, b];
  }
  return [a, b];
}
