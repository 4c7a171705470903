import { gainOf } from '@seqrec/models';
import {
  bootstrapMeans,
  byUser,
  gainAt,
  percentiles,
  type Recorded,
  tooFewUsers,
  type Units,
} from '../../run/verdict/bootstrap.ts';

/** A mean over users and seeds with its 95 % interval over users; without one where they are too few. */
export interface Estimate {
  readonly mean: number;
  readonly low?: number;
  readonly high?: number;
}

/** Whether an interval leaves 0 out, on the side of more. */
export function isAhead({ low }: Estimate): boolean {
  return low !== undefined && low > 0;
}

/** ` [.1200, .1268]`; empty where there is no interval. */
export function spread({ low, high }: Estimate, text: (value: number) => string): string {
  return low === undefined || high === undefined ? '' : ` [${text(low)}, ${text(high)}]`;
}

/** A value with the ends of its resamples, where there are users enough. */
export function estimateOf(mean: number, resamples: Float64Array, { count }: Pick<Units, 'count'>): Estimate {
  if (tooFewUsers(count) !== undefined) return { mean };
  const [low, high] = percentiles(resamples);
  return { mean, low, high };
}

const RESAMPLES = 2000;

/** What each query adds to a metric, its mean over the seeds. */
export function gainsOf(seeds: readonly Recorded[], metric: string): Float64Array {
  const gain = gainOf(metric);
  const mean = new Float64Array(seeds[0].ranks.length);
  for (const recorded of seeds)
    for (let q = 0; q < mean.length; q++) mean[q] += gainAt(recorded, q, gain) / seeds.length;
  return mean;
}

/** Of lists with a number a query: users are drawn, the same ones for all lists. */
export function estimates(lists: readonly Float64Array[], { users }: Pick<Recorded, 'users'>): Estimate[] {
  const units = byUser(users);
  const totals = lists.map((values) => {
    const total = new Float64Array(units.count);
    for (const [q, value] of values.entries()) total[units.of[q]] += value;
    return total;
  });
  return bootstrapMeans(totals, units, RESAMPLES, 0).map((means, i) =>
    estimateOf(lists[i].reduce((sum, value) => sum + value, 0) / lists[i].length, means, units),
  );
}
