import { bootstrapMeans, byUser, type Recorded } from '../../run/verdict/bootstrap.ts';
import { type Estimate, estimateOf, gainsOf, isAhead } from '../staleness/statistics.ts';
import type { DeltaReplay } from './replay.ts';

export const METRICS = ['HR@10', 'NDCG@10'] as const;
export type MetricName = (typeof METRICS)[number];

/** What a line reached. */
export interface LineFigures {
  readonly mean: Estimate;
  /** Ahead of the frozen line. */
  readonly gain: Estimate;
  /** Its share of the gain of the freshest line; absent where that gain cannot be told from none. */
  readonly kept?: Estimate;
  /** Means by period. */
  readonly periods: readonly number[];
}

const RESAMPLES = 2000;

/**
 * Means of the seeds with 95 % intervals over users: the same users are drawn for all lines, so that shares of a gain
 * are of one draw.
 *
 * @param bySeed ranks of each line, of the same queries in every seed.
 * @param periodOf the period of each query.
 */
export function summarise(
  replay: Pick<DeltaReplay, 'frozen' | 'freshest' | 'periods'>,
  bySeed: readonly ReadonlyMap<string, Recorded>[],
  periodOf: Int32Array,
  metric: MetricName,
): ReadonlyMap<string, LineFigures> {
  const names = [...bySeed[0].keys()];
  const gains = names.map((name) =>
    gainsOf(
      bySeed.map((seed) => seed.get(name) as Recorded),
      metric,
    ),
  );
  const units = byUser((bySeed[0].get(names[0]) as Recorded).users);
  const totals = gains.map((values) => {
    const total = new Float64Array(units.count);
    for (const [q, value] of values.entries()) total[units.of[q]] += value;
    return total;
  });
  const drawn = bootstrapMeans(totals, units, RESAMPLES, 0);
  const mean = gains.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const [frozen, freshest] = [names.indexOf(replay.frozen), names.indexOf(replay.freshest)];
  const between = (value: number, ends: Float64Array): Estimate => estimateOf(value, ends.slice(), units);
  const gain = (i: number): Estimate =>
    between(
      mean[i] - mean[frozen],
      drawn[i].map((value, r) => value - drawn[frozen][r]),
    );
  const told = isAhead(gain(freshest));
  return new Map(
    names.map((name, i) => {
      const share = (own: number, none: number, all: number): number => (own - none) / (all - none);
      const kept = between(
        share(mean[i], mean[frozen], mean[freshest]),
        drawn[i].map((value, r) => share(value, drawn[frozen][r], drawn[freshest][r])),
      );
      return [
        name,
        {
          mean: between(mean[i], drawn[i]),
          gain: gain(i),
          ...(told && { kept }),
          periods: meansBy(gains[i], periodOf, replay.periods),
        },
      ];
    }),
  );
}

function meansBy(values: Float64Array, groups: Int32Array, count: number): number[] {
  const [sums, counts] = [new Float64Array(count), new Float64Array(count)];
  for (const [q, value] of values.entries()) {
    sums[groups[q]] += value;
    counts[groups[q]]++;
  }
  return Array.from(sums, (sum, g) => sum / counts[g]);
}
