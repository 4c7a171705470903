import { EvaluationError } from '../../errors.ts';
import { type Calibrator, finiteLogits } from './calibrator.ts';
import { endOfTies } from './order.ts';
import type { ClickRows } from './rows.ts';

/** Straight lines between thresholds `(x, y)`, both ascending; constant outside. */
export interface IsotonicCalibrator extends Calibrator {
  readonly kind: 'isotonic';
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * The non-decreasing function of the logit with the least `sum w (y - f(z))^2`, by pooling adjacent violators. Rows of
 * one logit are first put together at the mean of their labels; of a constant stretch only both ends are kept. The rows
 * are those of validation: rows that are evaluated later must not be among them. Values of exactly 0 and 1 occur: clip
 * before a log loss.
 *
 * Source: Zadrozny and Elkan 2002 (Transforming classifier scores into accurate multiclass probability estimates);
 * `IsotonicRegression(out_of_bounds="clip")` of scikit-learn 1.9.1.
 * @throws EvaluationError for logits that are infinite.
 */
export function fitIsotonic(validation: ClickRows): IsotonicCalibrator {
  const pooled = pool(validation, finiteLogits('isotonic', validation));
  const kept = pooled.x.map((_, i) => i === 0 || i + 1 === pooled.x.length || !isInside(pooled.y, i));
  const x = Float64Array.from(pooled.x.filter((_, i) => kept[i]));
  const y = Float64Array.from(pooled.y.filter((_, i) => kept[i]));
  return {
    kind: 'isotonic',
    x,
    y,
    definition: `a non-decreasing function of the logit with ${x.length} thresholds, least squares on ${validation.size} rows of validation`,
    predict: (logits) => Float64Array.from(logits, (z) => interpolate(x, y, z)),
  };
}

function isInside(y: readonly number[], i: number): boolean {
  return y[i] === y[i - 1] && y[i] === y[i + 1];
}

/** Fitted value at each distinct logit. */
function pool(rows: ClickRows, logits: Float64Array): { readonly x: number[]; readonly y: number[] } {
  // By the logits, which a clip may have made equal where scores differ.
  const order = rows.ascending.filter((row) => rows.weights[row] > 0);
  const x: number[] = [];
  /** Blocks of one value: sums of weights and of weighted labels, and how many logits they hold. */
  const blocks: { weight: number; labels: number; size: number }[] = [];
  const meanOf = (block: (typeof blocks)[number]): number => block.labels / block.weight;
  for (let at = 0; at < order.length; ) {
    const next = endOfTies(order, logits, at, order.length);
    const block = { weight: 0, labels: 0, size: 1 };
    for (let i = at; i < next; i++) {
      block.weight += rows.weights[order[i]];
      block.labels += rows.weights[order[i]] * rows.labels[order[i]];
    }
    x.push(logits[order[at]]);
    for (let last = blocks.at(-1); last !== undefined && meanOf(last) >= meanOf(block); last = blocks.at(-1)) {
      blocks.pop();
      block.weight += last.weight;
      block.labels += last.labels;
      block.size += last.size;
    }
    blocks.push(block);
    at = next;
  }
  return { x, y: blocks.flatMap((block) => new Array<number>(block.size).fill(meanOf(block))) };
}

function interpolate(x: Float64Array, y: Float64Array, z: number): number {
  if (Number.isNaN(z)) throw new EvaluationError('isotonic: expected a logit; got NaN');
  const last = x.length - 1;
  if (z <= x[0]) return y[0];
  if (z >= x[last]) return y[last];
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= z) low = middle;
    else high = middle;
  }
  return y[low] + ((y[high] - y[low]) * (z - x[low])) / (x[high] - x[low]);
}
