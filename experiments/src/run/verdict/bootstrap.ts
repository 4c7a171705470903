import { integers, streamKey } from '@seqrec/core';
import { gainOf } from '@seqrec/models';
import type { SavedRanks } from '../folder/ranks.ts';

/**
 * Ranks and ties of queries, and whose they are. A model's gains are those of the rule under which
 * its ranks were recorded.
 */
export type Recorded = Pick<SavedRanks, 'ranks' | 'tied' | 'ties' | 'users'>;

/** Users numbered from 0 without gaps, and how many queries each has. */
export interface Units {
  readonly count: number;
  readonly of: Int32Array;
  readonly queries: Int32Array;
}

export function byUser(users: Int32Array): Units {
  const numbers = new Map<number, number>();
  const of = users.map((user) => {
    const known = numbers.get(user) ?? numbers.size;
    numbers.set(user, known);
    return known;
  });
  const queries = new Int32Array(numbers.size);
  for (const unit of of) queries[unit]++;
  return { count: numbers.size, of, queries };
}

/** Of five users all may agree and a sign test still says p = .06: an interval over so few says nothing. */
const FEWEST_USERS = 6;

/** Why there is no interval over so few users, or groups of several users; nothing where there is one. */
export function tooFewUsers(users: number, unit: 'user' | 'group' = 'user'): string | undefined {
  if (users >= FEWEST_USERS) return undefined;
  return `${users === 1 ? `one ${unit}` : `${users} ${unit}s`}: too few for an interval`;
}

/** A sentence where figures of these users have no intervals. */
export function fewUsersOf(users: Int32Array): string[] {
  const few = tooFewUsers(new Set(users).size);
  return few === undefined ? [] : [`Intervals over users: none; ${few}.`];
}

/** What a query adds to a metric. */
export function gainAt({ ranks, tied, ties }: Recorded, q: number, gain: ReturnType<typeof gainOf>): number {
  return gain(ranks[q], ties === 'expected' ? tied[q] : undefined);
}

/**
 * Mean a query of each resample of users, for sums over the queries of each user. Users, not queries, are drawn: the
 * queries of one user are not independent.
 */
export function bootstrapMeans(
  totals: readonly Float64Array[],
  units: Units,
  resamples: number,
  seed: number,
): Float64Array[] {
  const means = totals.map(() => new Float64Array(resamples));
  const key = streamKey(seed, 'paired-bootstrap');
  for (let r = 0; r < resamples; r++) {
    const drawn = integers(key, r, units.count, 0, units.count);
    let queries = 0;
    for (const unit of drawn) queries += units.queries[unit];
    for (const [m, total] of totals.entries()) {
      let sum = 0;
      for (const unit of drawn) sum += total[unit];
      means[m][r] = sum / queries;
    }
  }
  return means;
}

/** Both ends of the 95 % percentile interval. Sorts what it is given. */
export function percentiles(means: Float64Array): [number, number] {
  const sorted = means.sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return [at(0.025), at(0.975)];
}

/** Enough for an interval to two digits. */
const RESAMPLES = 1000;

/**
 * 95 % bootstrap interval over users of each metric, none where there are too few; about other users, not about other
 * seeds.
 */
export function metricIntervals(
  recorded: Recorded,
  metrics: readonly string[],
  { resamples = RESAMPLES, seed = 0 }: { readonly resamples?: number; readonly seed?: number } = {},
): Record<string, [number, number]> {
  const units = byUser(recorded.users);
  if (tooFewUsers(units.count) !== undefined) return {};
  const totals = metrics.map((metric) => {
    const gain = gainOf(metric);
    const total = new Float64Array(units.count);
    for (let q = 0; q < recorded.ranks.length; q++) total[units.of[q]] += gainAt(recorded, q, gain);
    return total;
  });
  const means = bootstrapMeans(totals, units, resamples, seed);
  return Object.fromEntries(metrics.map((metric, m) => [metric, percentiles(means[m])]));
}
