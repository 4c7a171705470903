import { gainOf } from '@seqrec/models';
import { bootstrapMeans, byUser, gainAt, percentiles, type Recorded } from '../../run/verdict/bootstrap.ts';

/** A mean over users and seeds with its 95 % interval over users. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
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
  return bootstrapMeans(totals, units, RESAMPLES, 0).map((means, i) => {
    const [low, high] = percentiles(means);
    return { mean: lists[i].reduce((sum, value) => sum + value, 0) / lists[i].length, low, high };
  });
}
