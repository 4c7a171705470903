import { UndefinedMetricError } from '../../errors.ts';
import { type AreaTies, areaSums } from './area.ts';
import type { ClickRows } from './rows.ts';

/** What a group counts for in the mean of areas: the weight of its rows (impressions), of its clicks, or one. */
export type GroupWeight = 'rows' | 'clicks' | 'one';

export interface GroupedAreaOptions {
  /** Default `rows`. */
  readonly groupWeight?: GroupWeight;
  /** Groups whose labels are all equal: `left-out`, or counted with an area of a half. Default `left-out`. */
  readonly oneClass?: 'left-out' | 'half';
  /** Groups of both classes whose scores are all equal; their area is a half. Default `half`. */
  readonly oneScore?: 'left-out' | 'half';
  readonly ties?: AreaTies;
}

/** The area of each group, and what it counts for. */
export interface GroupAreas {
  /** A half for a group of one class, or of no weight. */
  readonly areas: Float64Array;
  readonly weights: Float64Array;
  /** 1 for each group that the mean is over: none whose rows all weigh nothing. */
  readonly counted: Uint8Array;
  /** Groups with a row that weighs something. */
  readonly weighing: number;
  readonly oneClass: number;
  readonly oneScore: number;
}

export interface GroupedArea {
  readonly value: number;
  /** Groups with a row that weighs something. */
  readonly groups: number;
  readonly counted: number;
  /** Groups of one class. */
  readonly oneClass: number;
  /** Groups of both classes and one score. */
  readonly oneScore: number;
}

export function groupAreas(rows: ClickRows, options: GroupedAreaOptions = {}): GroupAreas {
  const { groupWeight = 'rows', ties = 'half' } = options;
  const { count } = rows.groupsFor('GAUC');
  const { rows: order, starts } = rows.ascendingByGroup;
  const [areas, weights, counted] = [new Float64Array(count), new Float64Array(count), new Uint8Array(count)];
  let [weighing, oneClass, oneScore] = [0, 0, 0];
  for (let g = 0; g < count; g++) {
    const range = [starts[g], starts[g + 1]] as const;
    const { pairs, positives, negatives } = areaSums(rows, order, range, ties);
    if (positives + negatives === 0) {
      areas[g] = 0.5;
      continue;
    }
    weighing++;
    weights[g] = groupWeight === 'one' ? 1 : groupWeight === 'clicks' ? positives : positives + negatives;
    const isOneClass = positives === 0 || negatives === 0;
    const isOneScore = !isOneClass && hasOneScore(rows, order, range);
    areas[g] = isOneClass ? 0.5 : pairs / (positives * negatives);
    if (isOneClass) oneClass++;
    if (isOneScore) oneScore++;
    const isOut = (isOneClass && options.oneClass !== 'half') || (isOneScore && options.oneScore === 'left-out');
    counted[g] = isOut ? 0 : 1;
  }
  return { areas, weights, counted, weighing, oneClass, oneScore };
}

/** Whether the rows that weigh something, of which there are some, have one score. */
function hasOneScore({ scores, weights }: ClickRows, order: Int32Array, [begin, end]: readonly [number, number]) {
  let [first, last] = [begin, end - 1];
  while (weights[order[first]] === 0) first++;
  while (weights[order[last]] === 0) last--;
  return scores[order[first]] === scores[order[last]];
}

/**
 * Mean of the areas under the ROC curve of the groups, mostly users: `sum_u n_u AUC_u / sum_u n_u` over groups of both
 * classes. It does not see how well groups are told apart, which the area over all rows mixes in.
 *
 * Source: Zhu et al. 2017 (arXiv:1703.02091), section 5: "GAUC", weighted by impressions or clicks; gAUC of FuxiCTR.
 * @throws UndefinedMetricError when no group is left; EvaluationError for rows without groups.
 */
export function groupedArea(rows: ClickRows, options: GroupedAreaOptions = {}): GroupedArea {
  const { areas, weights, counted, weighing, oneClass, oneScore } = groupAreas(rows, options);
  let [sum, total, left] = [0, 0, 0];
  for (let g = 0; g < areas.length; g++) {
    if (counted[g] === 0) continue;
    left++;
    sum += weights[g] * areas[g];
    total += weights[g];
  }
  if (total > 0) return { value: sum / total, groups: weighing, counted: left, oneClass, oneScore };
  throw new UndefinedMetricError(
    'GAUC',
    `expected a group with positives and negatives; got ${weighing} groups, ${oneClass} of one class`,
  );
}
