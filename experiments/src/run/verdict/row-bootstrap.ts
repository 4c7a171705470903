import { integers, streamKey } from '@seqrec/core';
import {
  areaUnderCurve,
  areaUnderGroupWeights,
  type ClickRows,
  groupAreas,
  groupedArea,
  groupedGain,
  groupGains,
  logLoss,
  normalizedEntropy,
  rowLosses,
  withGroups,
} from '@seqrec/models';
import { RunError } from '../../errors.ts';
import { percentiles } from './bootstrap.ts';

/** Metrics of rows that are resampled. */
export type RowMetric = 'AUC' | 'GAUC' | 'logloss' | 'NE' | 'NDCG@10';

/** Of logits of clicks. */
export const rowMetrics: readonly RowMetric[] = ['AUC', 'GAUC', 'logloss', 'NE'];

/** Of scores that are an order alone. */
export const orderMetrics: readonly RowMetric[] = ['NDCG@10', 'GAUC', 'AUC'];

export interface RowBootstrapOptions {
  /** Default: {@link rowMetrics}. */
  readonly metrics?: readonly RowMetric[];
  /** The user of each row, where the groups of the rows are parts of users. Default: the groups are users. */
  readonly users?: ArrayLike<number>;
  /** Default 1,000. */
  readonly resamples?: number;
  readonly seed?: number;
}

/** A metric of one run, with its 95 % percentile interval over users, or groups, drawn with replacement. */
export interface RowInterval {
  readonly metric: RowMetric;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** How many users were drawn, or, where `overGroups`, groups. */
  readonly units: number;
  /** Present where groups were drawn, as they hold rows of several users. */
  readonly overGroups?: true;
  /** Resamples in which it had a value; the interval is of these. */
  readonly resamples: number;
}

/** A difference between two runs on the same rows, `b - a`, with its interval. */
export interface RowDifference extends Omit<RowInterval, 'value'> {
  readonly a: number;
  readonly b: number;
  readonly difference: number;
}

/**
 * Intervals of metrics of rows, by a bootstrap over users: the rows of one user are not independent. Each resample
 * draws as many users as there are, and the metric is that of all rows of the drawn; its base rate too. Where groups
 * hold rows of several users, a metric by group is of drawn groups.
 *
 * @throws UndefinedMetricError for a metric without a value on the rows; EvaluationError for rows without groups.
 */
export function rowIntervals(rows: ClickRows, options: RowBootstrapOptions = {}): RowInterval[] {
  const { metrics = rowMetrics } = options;
  return resampled([rows], metrics, options).map(({ metric, values: [own], ...drawn }) => ({
    ...{ metric, value: measures[metric].value(rows) },
    ...intervalOf(own),
    ...drawn,
  }));
}

/**
 * Paired comparison of two runs on the same rows: both are measured on the same drawn users, so that what makes a
 * resample easy for both cancels. It says how sure the difference is for other users, not for other seeds.
 *
 * @throws RunError when labels, groups or weights of the two differ; otherwise as {@link rowIntervals}.
 */
export function pairedRowDifferences(a: ClickRows, b: ClickRows, options: RowBootstrapOptions = {}): RowDifference[] {
  checkSameRows(a, b);
  const { metrics = rowMetrics } = options;
  return resampled([a, b], metrics, options).map(({ metric, values: [ofA, ofB], ...drawn }) => {
    const [valueA, valueB] = [measures[metric].value(a), measures[metric].value(b)];
    const differences = ofB.map((value, r) => value - ofA[r]);
    return { metric, a: valueA, b: valueB, difference: valueB - valueA, ...intervalOf(differences), ...drawn };
  });
}

function checkSameRows(a: ClickRows, b: ClickRows): void {
  const isSame = (x: ArrayLike<number> = [], y: ArrayLike<number> = []): boolean =>
    x.length === y.length && Array.prototype.every.call(x, (value, i) => value === y[i]);
  for (const [what, x, y] of [
    ['labels', a.labels, b.labels],
    ['weights', a.weights, b.weights],
    ['groups', a.groups?.of, b.groups?.of],
  ] as const) {
    if (isSame(x, y)) continue;
    throw new RunError(
      `compare: expected two runs on the same rows; got ${a.size} and ${b.size} rows that differ in their ${what}; the rows of both must be in one order`,
    );
  }
}

/** A metric under weights of the groups; `undefined` where it has no value. */
type Resampler = (drawn: Float64Array) => number | undefined;

interface Measure {
  value(rows: ClickRows): number;
  /** What is sorted and summed once for all resamples. */
  prepare(rows: ClickRows): Resampler;
}

const TOP = 10;

const measures: Readonly<Record<RowMetric, Measure>> = {
  AUC: { value: (rows) => areaUnderCurve(rows), prepare: areaUnderGroupWeights },
  GAUC: { value: (rows) => groupedArea(rows).value, prepare: groupedAreaUnder },
  'NDCG@10': { value: (rows) => groupedGain(rows, TOP).value, prepare: groupedGainUnder },
  logloss: { value: (rows) => logLoss(rows), prepare: (rows) => lossUnder(rows, () => 1) },
  NE: {
    value: (rows) => normalizedEntropy(rows),
    prepare: (rows) => lossUnder(rows, (rate) => -(rate * Math.log(rate) + (1 - rate) * Math.log1p(-rate))),
  },
};

/** A resampler of a metric, for tests of its definition. */
export function resamplerOf(metric: RowMetric, rows: ClickRows): Resampler {
  return measures[metric].prepare(rows);
}

/** A metric of each run in each resample, NaN where it has none. */
interface Resampled extends Pick<RowInterval, 'metric' | 'units' | 'overGroups'> {
  readonly values: readonly Float64Array[];
}

/** Means over groups; the others are of all rows, whatever groups them. */
const byGroup: readonly RowMetric[] = ['GAUC', 'NDCG@10'];

function resampled(
  runs: readonly ClickRows[],
  metrics: readonly RowMetric[],
  options: RowBootstrapOptions,
): Resampled[] {
  const { users } = options;
  const units = unitsOfGroups(runs[0], users);
  if (users === undefined || !units.overGroups) return resampledOver(units, runs, metrics, options);
  const [ofAll, ofGroups] = [false, true].map((is) => metrics.filter((metric) => byGroup.includes(metric) === is));
  const rows = runs.map((run) => withGroups(run, users));
  const found = [
    ...resampledOver(unitsOfGroups(rows[0]), rows, ofAll, options),
    ...resampledOver(units, runs, ofGroups, options),
  ];
  return found.toSorted((a, b) => metrics.indexOf(a.metric) - metrics.indexOf(b.metric));
}

function resampledOver(
  { count, of, ...overGroups }: Units,
  runs: readonly ClickRows[],
  metrics: readonly RowMetric[],
  { resamples = 1000, seed = 0 }: RowBootstrapOptions,
): Resampled[] {
  const values = metrics.map(() => runs.map(() => new Float64Array(resamples)));
  const resamplers = metrics.map((metric) => runs.map((rows) => measures[metric].prepare(rows)));
  const key = streamKey(seed, 'row-bootstrap');
  const times = new Float64Array(count);
  const drawn = new Float64Array(of.length);
  for (let r = 0; metrics.length > 0 && r < resamples; r++) {
    times.fill(0);
    for (const unit of integers(key, r, count, 0, count)) times[unit]++;
    for (const [group, unit] of of.entries()) drawn[group] = times[unit];
    for (const [m, ofMetric] of resamplers.entries()) {
      for (const [run, resampler] of ofMetric.entries()) values[m][run][r] = resampler(drawn) ?? Number.NaN;
    }
  }
  return metrics.map((metric, m) => ({ metric, values: values[m], units: count, ...overGroups }));
}

/** What is drawn, by group. */
interface Units {
  readonly count: number;
  readonly of: Int32Array;
  readonly overGroups?: true;
}

/** How many groups there are, where one of them holds rows of several users. */
export function groupsOfSeveral(rows: ClickRows, users: ArrayLike<number>): number | undefined {
  const { count, overGroups } = unitsOfGroups(rows, users);
  return overGroups ? count : undefined;
}

/** What is drawn, for each group: its user, or, where a group has several, the group itself. */
function unitsOfGroups(rows: ClickRows, users?: ArrayLike<number>): Units {
  const { count, of } = rows.groupsFor('bootstrap');
  const groups = { count, of: Int32Array.from({ length: count }, (_, group) => group) };
  if (users === undefined) return groups;
  const numbers = new Map<number, number>();
  const units = new Int32Array(count).fill(-1);
  for (const [row, group] of of.entries()) {
    const unit = numbers.get(users[row]) ?? numbers.size;
    numbers.set(users[row], unit);
    if (units[group] >= 0 && units[group] !== unit) return { ...groups, overGroups: true };
    units[group] = unit;
  }
  return { count: numbers.size, of: units };
}

function intervalOf(values: Float64Array): Pick<RowInterval, 'low' | 'high' | 'resamples'> {
  const defined = values.filter((value) => !Number.isNaN(value));
  if (defined.length === 0)
    throw new RunError('compare: expected a resample with both classes; got none; use more users');
  const [low, high] = percentiles(defined);
  return { low, high, resamples: defined.length };
}

function groupedAreaUnder(rows: ClickRows): Resampler {
  const { areas, weights, counted } = groupAreas(rows);
  return (drawn) => {
    let [sum, total] = [0, 0];
    for (let g = 0; g < areas.length; g++) {
      const weight = drawn[g] * weights[g] * counted[g];
      sum += weight * areas[g];
      total += weight;
    }
    return total > 0 ? sum / total : undefined;
  };
}

function groupedGainUnder(rows: ClickRows): Resampler {
  const gains = groupGains(rows, TOP);
  return (drawn) => {
    let [sum, total] = [0, 0];
    for (const [g, gain] of gains.entries()) {
      if (Number.isNaN(gain)) continue;
      sum += drawn[g] * gain;
      total += drawn[g];
    }
    return total > 0 ? sum / total : undefined;
  };
}

/** Mean log loss over what `divisorOf` makes of the share of positives. */
function lossUnder(rows: ClickRows, divisorOf: (rate: number) => number): Resampler {
  const { count, of } = rows.groupsFor('logloss');
  const [losses, positives, totals] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (const [row, loss] of rowLosses(rows).entries()) {
    const weight = rows.weights[row];
    if (weight === 0) continue;
    losses[of[row]] += weight * loss;
    positives[of[row]] += weight * rows.labels[row];
    totals[of[row]] += weight;
  }
  return (drawn) => {
    let [loss, positive, total] = [0, 0, 0];
    for (let g = 0; g < count; g++) {
      loss += drawn[g] * losses[g];
      positive += drawn[g] * positives[g];
      total += drawn[g] * totals[g];
    }
    const divisor = divisorOf(positive / total);
    return divisor > 0 ? loss / total / divisor : undefined;
  };
}
