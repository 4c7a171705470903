import { EvaluationError, UndefinedMetricError } from '../../errors.ts';
import { endOfTies } from './order.ts';
import type { ClickRows } from './rows.ts';

/**
 * How rows are put into bins. `equal-mass`: in order of prediction, cut at equal weight; a row, or rows of one
 * prediction, across a cut are divided in proportion, so that the order of the rows does not matter. `equal-rows`: the
 * same cut between whole rows, the first bins one row longer, as numpy's `array_split`. `equal-width`: by probability.
 */
export type Binning = 'equal-mass' | 'equal-rows' | 'equal-width';

export interface BinOptions {
  /** Default 20. */
  readonly bins?: number;
  /** Default `equal-mass`. */
  readonly binning?: Binning;
}

/** A point of the reliability curve. */
export interface ReliabilityBin {
  /** Lowest and highest prediction inside; with `equal-width` the ends of the bin. */
  readonly low: number;
  readonly high: number;
  /** Rows, or their weight; a part of a row counts as that part. */
  readonly count: number;
  readonly meanPrediction: number;
  readonly meanLabel: number;
}

/** `sum w p / sum w y`: above 1 the model promises too much. @throws UndefinedMetricError without positives. */
export function calibrationRatio(rows: ClickRows): number {
  if (rows.positiveWeight > 0) return rows.weightedSum(rows.probabilities) / rows.positiveWeight;
  throw new UndefinedMetricError('calibration', `expected positives; got ${rows.size} rows without`);
}

/** Weighted share of rows whose label is that of `p >= threshold`, by default 0.5. */
export function accuracy(rows: ClickRows, { threshold = 0.5 }: { readonly threshold?: number } = {}): number {
  const right = rows.probabilities.map((p, row) => (p >= threshold === (rows.labels[row] === 1) ? 1 : 0));
  return rows.weightedSum(right) / rows.totalWeight;
}

/** Mean prediction and mean label in each bin that is not empty, in order of prediction: a calibration plot. */
export function reliabilityCurve(rows: ClickRows, options: BinOptions = {}): ReliabilityBin[] {
  const { bins = 20, binning = 'equal-mass' } = options;
  if (!Number.isInteger(bins) || bins < 1) {
    throw new EvaluationError(`reliability: bins: expected a whole number from 1; got ${bins}`);
  }
  const made = Array.from({ length: bins }, () => new Bin());
  if (binning === 'equal-width') byWidth(rows, made);
  else if (binning === 'equal-rows') byRows(rows, made);
  else byMass(rows, made);
  return made.flatMap((bin, b) => {
    if (bin.count === 0) return [];
    const point = bin.point();
    return binning === 'equal-width' ? { ...point, low: b / bins, high: (b + 1) / bins } : point;
  });
}

/**
 * Expected calibration error: `sum_b count_b |mean prediction_b - mean label_b| / sum_b count_b`.
 *
 * Source: Naeini et al. 2015 (AAAI), with bins of equal mass (Nixon et al. 2019, arXiv:1904.01685).
 */
export function expectedCalibrationError(rows: ClickRows, options: BinOptions = {}): number {
  let [sum, total] = [0, 0];
  for (const { count, meanPrediction, meanLabel } of reliabilityCurve(rows, options)) {
    sum += count * Math.abs(meanPrediction - meanLabel);
    total += count;
  }
  return sum / total;
}

class Bin {
  count = 0;
  #predictions = 0;
  #labels = 0;
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  /** Rows of predictions `low .. high` with the sums `w`, `w p` and `w y`. */
  add([low, high]: readonly [number, number], count: number, predictions: number, labels: number): void {
    if (count === 0) return;
    this.count += count;
    this.#predictions += predictions;
    this.#labels += labels;
    this.#low = Math.min(this.#low, low);
    this.#high = Math.max(this.#high, high);
  }

  addRow({ probabilities, weights, labels }: ClickRows, row: number): void {
    const p = probabilities[row];
    this.add([p, p], weights[row], weights[row] * p, weights[row] * labels[row]);
  }

  point(): ReliabilityBin {
    const { count } = this;
    const [low, high] = [this.#low, this.#high];
    return { low, high, count, meanPrediction: this.#predictions / count, meanLabel: this.#labels / count };
  }
}

function byWidth(rows: ClickRows, bins: readonly Bin[]): void {
  for (let row = 0; row < rows.size; row++) {
    const bin = Math.min(bins.length - 1, Math.floor(rows.probabilities[row] * bins.length));
    bins[bin].addRow(rows, row);
  }
}

function byRows(rows: ClickRows, bins: readonly Bin[]): void {
  const [each, longer] = [Math.floor(rows.size / bins.length), rows.size % bins.length];
  let at = 0;
  for (const [b, bin] of bins.entries()) {
    const end = at + each + (b < longer ? 1 : 0);
    for (; at < end; at++) bin.addRow(rows, rows.ascending[at]);
  }
}

function byMass(rows: ClickRows, bins: readonly Bin[]): void {
  const { ascending, scores, probabilities, weights, labels, totalWeight } = rows;
  const endOf = (bin: number): number => (totalWeight * (bin + 1)) / bins.length;
  let [bin, filled] = [0, 0];
  for (let at = 0; at < ascending.length; ) {
    const next = endOfTies(ascending, scores, at, ascending.length);
    let [mass, positives] = [0, 0];
    for (let i = at; i < next; i++) {
      mass += weights[ascending[i]];
      positives += weights[ascending[i]] * labels[ascending[i]];
    }
    const p = probabilities[ascending[at]];
    const reached = filled + mass;
    const rate = mass === 0 ? 0 : positives / mass;
    // Rounding must not leave a sliver to the next bin.
    while (bin + 1 < bins.length && endOf(bin) < reached - 1e-12 * totalWeight) {
      const part = endOf(bin) - filled;
      if (part > 1e-12 * totalWeight) {
        bins[bin].add([p, p], part, part * p, part * rate);
        filled = endOf(bin);
      }
      bin++;
    }
    bins[bin].add([p, p], reached - filled, (reached - filled) * p, (reached - filled) * rate);
    filled = reached;
    at = next;
  }
}
