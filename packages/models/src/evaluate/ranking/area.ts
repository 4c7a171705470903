import { UndefinedMetricError } from '../../errors.ts';
import { endOfTies } from './order.ts';
import type { ClickRows } from './rows.ts';

/**
 * How a positive and a negative of one score count. `half` is the area under the ROC curve. The other two are what
 * code without a rule for ties gives, and depend on the order of the rows: the earlier row stands higher, or lower.
 */
export type AreaTies = 'half' | 'earlier-higher' | 'earlier-lower';

export interface AreaOptions {
  readonly ties?: AreaTies;
}

/** Sums over the rows of a set: `pairs / (positives * negatives)` is the area. */
export interface AreaSums {
  /** `sum w_i w_j` over positives `i` above negatives `j`. */
  readonly pairs: number;
  readonly positives: number;
  readonly negatives: number;
}

/** The sums of the rows at places `begin .. end - 1` of an order that ascends. */
export function areaSums(
  rows: Pick<ClickRows, 'scores' | 'labels' | 'weights'>,
  order: Int32Array,
  [begin, end]: readonly [number, number],
  ties: AreaTies,
): AreaSums {
  const { scores, labels, weights } = rows;
  let [pairs, positives, negatives] = [0, 0, 0];
  for (let at = begin; at < end; ) {
    const next = endOfTies(order, scores, at, end);
    let [own, ownNegatives, within] = [0, 0, 0];
    for (let i = at; i < next; i++) {
      const row = order[ties === 'earlier-higher' ? at + next - 1 - i : i];
      if (labels[row] === 0) ownNegatives += weights[row];
      else {
        own += weights[row];
        within += weights[row] * ownNegatives;
      }
    }
    pairs += own * negatives + (ties === 'half' ? (own * ownNegatives) / 2 : within);
    positives += own;
    negatives += ownNegatives;
    at = next;
  }
  return { pairs, positives, negatives };
}

/**
 * Area under the ROC curve: `sum_{i: y = 1, j: y = 0} w_i w_j (1[s_i > s_j] + 1[s_i = s_j] / 2) / sum w_i w_j`, by one
 * sort: a positive counts the weight of the negatives below it and half of that at its own score (mean ranks).
 *
 * @throws UndefinedMetricError for rows of one class.
 */
export function areaUnderCurve(rows: ClickRows, { ties = 'half' }: AreaOptions = {}): number {
  const { pairs, positives, negatives } = areaSums(rows, rows.ascending, [0, rows.size], ties);
  checkClasses('AUC', positives, negatives);
  return pairs / (positives * negatives);
}

/** @throws UndefinedMetricError unless both classes have weight. */
export function checkClasses(metric: string, positives: number, negatives: number): void {
  if (positives > 0 && negatives > 0) return;
  throw new UndefinedMetricError(
    metric,
    `expected positives and negatives; got a weight of ${positives} and ${negatives}; use more rows or another label`,
  );
}

/**
 * The area under the ROC curve of the same rows under many weights of their groups, for resampling: sorts once, then
 * `O(rows)` a call.
 *
 * @returns a function of one weight a group that multiplies those of its rows; `undefined`
 *   where only one class is left.
 */
export function areaUnderGroupWeights(rows: ClickRows): (groupWeights: ArrayLike<number>) => number | undefined {
  const { count, of } = rows.groupsFor('AUC');
  const order = rows.ascending;
  const groups = order.map((row) => of[row]);
  const positive = Float64Array.from(order, (row) => rows.weights[row] * rows.labels[row]);
  const negative = Float64Array.from(order, (row) => rows.weights[row] * (1 - rows.labels[row]));
  const isLast = Uint8Array.from(order, (row, i) =>
    i + 1 === order.length || rows.scores[row] !== rows.scores[order[i + 1]] ? 1 : 0,
  );
  const multipliers = new Float64Array(count);
  return (groupWeights) => {
    for (let g = 0; g < count; g++) multipliers[g] = groupWeights[g];
    let [pairs, positives, negatives, own, ownNegatives] = [0, 0, 0, 0, 0];
    for (let i = 0; i < groups.length; i++) {
      const multiplier = multipliers[groups[i]];
      own += multiplier * positive[i];
      ownNegatives += multiplier * negative[i];
      if (isLast[i] === 0) continue;
      pairs += own * (negatives + ownNegatives / 2);
      positives += own;
      negatives += ownNegatives;
      own = 0;
      ownNegatives = 0;
    }
    return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : undefined;
  };
}
