import { EvaluationError, UndefinedMetricError } from '../../errors.ts';
import { discountedGain, reciprocalGain } from '../gains.ts';
import { endOfTies } from './order.ts';
import type { ScoredRows } from './rows.ts';

export interface GroupOrderOptions {
  /** Groups without a label above 0: `left-out` (default), or counted as 0, as FuxiCTR. */
  readonly noneRelevant?: 'left-out' | 'zero';
}

export interface GroupedGainOptions extends GroupOrderOptions {
  /** Gain of a label `y`: `exponential`, `2^y - 1` (default), or `linear`, `y`. */
  readonly gain?: 'exponential' | 'linear';
}

export interface ReciprocalOptions extends GroupOrderOptions {
  /**
   * `first` (default): one over the place of the first relevant row. `mean`: the mean of that over all relevant rows of
   * the group, which FuxiCTR and the MIND competition call MRR.
   */
  readonly of?: 'first' | 'mean';
}

/** A mean over groups, each counting once; weights of rows have no part. */
export interface GroupMean {
  readonly value: number;
  readonly groups: number;
  /** Groups without a relevant row. */
  readonly noneRelevant: number;
}

/**
 * NDCG@k of the rows of each group, in order of score: `sum_r gain_r / log2(r + 1)` over the first `k` places, divided
 * by the same of the best order; mean over groups. Rows of one score take the mean over all their orders.
 *
 * @throws EvaluationError for rows without groups or a cut-off that is none; UndefinedMetricError when no group has a
 *   label above 0, and for a negative label.
 */
export function groupedGain(rows: ScoredRows, k: number, options: GroupedGainOptions = {}): GroupMean {
  return meanOf(`NDCG@${k}`, groupGains(rows, k, options), options);
}

/** NDCG@k of each group, NaN of one without a label above 0. @throws as {@link groupedGain}. */
export function groupGains(rows: ScoredRows, k: number, options: Pick<GroupedGainOptions, 'gain'> = {}): Float64Array {
  const metric = `NDCG@${k}`;
  if (!Number.isInteger(k) || k < 1) {
    throw new EvaluationError(`${metric}: expected a cut-off that is a whole number from 1; got ${k}`);
  }
  const negative = rows.labels.findIndex((label) => label < 0);
  if (negative >= 0) {
    throw new UndefinedMetricError(
      metric,
      `expected labels that are not negative; got ${rows.labels[negative]} in row ${negative}`,
    );
  }
  const discount = discountedGain(k);
  return valuesOfGroups(metric, rows, (lists) => {
    const best = lists.flatMap(({ labels }) => labels).sort((a, b) => b - a);
    const gainOf = options.gain === 'linear' ? (y: number) => y : exponentialGain(best[0]);
    let gained = 0;
    for (const { above, labels } of lists) {
      let sum = 0;
      for (const label of labels) sum += gainOf(label);
      gained += sum * discount(above + 1, labels.length - 1);
    }
    return gained / best.slice(0, k).reduce((sum, label, place) => sum + gainOf(label) * discount(place + 1), 0);
  });
}

/** `2^y - 1`, over a power of two where that of the largest label is beyond a float64: a ratio of gains stays. */
function exponentialGain(largest: number): (y: number) => number {
  const shift = Math.max(0, Math.ceil(largest) - 1000);
  return (y) => 2 ** (y - shift) - 2 ** -shift;
}

/**
 * Mean over groups of the reciprocal place of relevant rows, those of a label above 0. Rows of one score take the mean
 * over all their orders.
 *
 * @throws EvaluationError for rows without groups; UndefinedMetricError when no group has a label above 0.
 */
export function groupedReciprocal(rows: ScoredRows, options: ReciprocalOptions = {}): GroupMean {
  const values = valuesOfGroups('MRR', rows, (lists) => {
    let [sum, relevant] = [0, 0];
    for (const { above, labels } of lists) {
      const own = labels.filter((label) => label > 0).length;
      if (own === 0) continue;
      if (options.of !== 'mean') return firstOf(above, labels.length, own);
      sum += own * reciprocalGain(above + 1, labels.length - 1);
      relevant += own;
    }
    return sum / relevant;
  });
  return meanOf('MRR', values, options);
}

/**
 * Mean of one over the place of the first of `relevant` among `tied` rows in random order after `above` others:
 * `sum_i C(tied - i, relevant - 1) / C(tied, relevant) / (above + i)`.
 */
function firstOf(above: number, tied: number, relevant: number): number {
  let probability = relevant / tied;
  let sum = 0;
  for (let i = 1; i <= tied - relevant + 1; i++) {
    sum += probability / (above + i);
    probability *= (tied - i - relevant + 1) / (tied - i);
  }
  return sum;
}

/** Rows of one score in a group. */
interface TiedRows {
  /** Rows of a higher score. */
  readonly above: number;
  readonly labels: readonly number[];
}

/** A value of each group with a relevant row; NaN of the others. */
function valuesOfGroups(metric: string, rows: ScoredRows, of: (lists: readonly TiedRows[]) => number): Float64Array {
  const { count } = rows.groupsFor(metric);
  const { rows: order, starts } = rows.ascendingByGroup;
  const values = new Float64Array(count).fill(Number.NaN);
  for (let g = 0; g < count; g++) {
    const lists: TiedRows[] = [];
    let isRelevant = false;
    for (let at = starts[g]; at < starts[g + 1]; ) {
      const next = endOfTies(order, rows.scores, at, starts[g + 1]);
      const labels = Array.from(order.subarray(at, next), (row) => rows.labels[row]);
      isRelevant ||= labels.some((label) => label > 0);
      lists.push({ above: starts[g + 1] - next, labels });
      at = next;
    }
    if (isRelevant) values[g] = of(lists.reverse());
  }
  return values;
}

function meanOf(metric: string, values: Float64Array, { noneRelevant = 'left-out' }: GroupOrderOptions): GroupMean {
  const count = values.length;
  let [sum, without] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) without++;
    else sum += value;
  }
  const counted = noneRelevant === 'zero' ? count : count - without;
  if (counted > 0) return { value: sum / counted, groups: count, noneRelevant: without };
  throw new UndefinedMetricError(metric, `expected a group with a label above 0; got ${count} groups without`);
}
