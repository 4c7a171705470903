import { randomWords, streamKey } from '@seqrec/core';
import { type Gain, gainOf } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import type { SavedRanks } from '../folder/ranks.ts';
import { bootstrapMeans, byUser, gainAt, percentiles, type Recorded, type Units } from './bootstrap.ts';

/** A difference between two models on the same queries, `b - a`. */
export interface PairedDifference {
  readonly metric: string;
  readonly a: number;
  readonly b: number;
  readonly difference: number;
  /** 95 % percentile interval of the difference over users drawn with replacement. */
  readonly low: number;
  readonly high: number;
  /** Two-sided, of the sign-flip permutation test over users. */
  readonly p: number;
}

export interface PairedOptions {
  /** Default: 10,000, fewer for very many users. */
  readonly resamples?: number;
  readonly seed?: number;
}

/** Random numbers that a comparison may draw for each of its two tests. */
const DRAWS = 2e8;

/**
 * Paired comparison of two models on the same queries.
 *
 * Users, not queries, are drawn and flipped: the queries of one user are not independent. The interval is of a
 * bootstrap over users; p is the share of sign flips (each user's difference times plus or minus one) whose
 * mean is at least as far from zero, the observed one included. Both say how sure the difference is for other
 * users, not for other seeds.
 *
 * @throws RunError when the queries differ; EvaluationError for another metric than HR@k, NDCG@k and MRR.
 */
export function pairedDifferences(
  a: Recorded,
  b: Recorded,
  metrics: readonly string[],
  options: PairedOptions = {},
): PairedDifference[] {
  checkSameQueries(a, b);
  const units = byUser(a.users);
  const sums = metrics.map((metric) => userSums(a, b, units, gainOf(metric)));
  const { seed = 0 } = options;
  const resamples = options.resamples ?? Math.max(1000, Math.min(10_000, Math.floor(DRAWS / units.count)));
  const differences = sums.map((each) => each.differences);
  const means = bootstrapMeans(differences, units, resamples, seed);
  const extremes = flipExtremes(sums, units, resamples, seed);
  const queries = a.ranks.length;
  return metrics.map((metric, m) => {
    const [low, high] = percentiles(means[m]);
    return {
      metric,
      a: sums[m].a / queries,
      b: sums[m].b / queries,
      difference: (sums[m].b - sums[m].a) / queries,
      low,
      high,
      p: (1 + extremes[m]) / (1 + resamples),
    };
  });
}

/** @throws RunError when two models were not ranked on the same queries. */
export function checkSameQueries(a: Pick<SavedRanks, 'users'>, b: Pick<SavedRanks, 'users'>): void {
  if (a.users.length === b.users.length && a.users.every((user, i) => user === b.users[i])) return;
  throw new RunError(
    `compare: expected runs evaluated on the same queries; got ${a.users.length} and ${b.users.length} queries of different users; the split and evaluation.positions must agree`,
  );
}

interface Sums {
  readonly a: number;
  readonly b: number;
  /** Sum of `b - a` over the queries of each user. */
  readonly differences: Float64Array;
}

function userSums(a: Recorded, b: Recorded, units: Units, gain: Gain): Sums {
  const differences = new Float64Array(units.count);
  let [sumA, sumB] = [0, 0];
  for (let q = 0; q < a.ranks.length; q++) {
    const [gainA, gainB] = [gainAt(a, q, gain), gainAt(b, q, gain)];
    sumA += gainA;
    sumB += gainB;
    differences[units.of[q]] += gainB - gainA;
  }
  return { a: sumA, b: sumB, differences };
}

/** How many sign flips are at least as far from zero as what was observed, metric by metric. */
function flipExtremes(sums: readonly Sums[], units: Units, resamples: number, seed: number): Int32Array {
  const extremes = new Int32Array(sums.length);
  const key = streamKey(seed, 'paired-permutation');
  // Equal up to rounding counts as equal: sums of the same terms in another sign must not look smaller.
  const observed = sums.map(({ a, b }) => Math.abs(b - a) - 1e-9);
  for (let r = 0; r < resamples; r++) {
    const words = randomWords(key, r, Math.ceil(units.count / 32));
    for (const [m, { differences }] of sums.entries()) {
      let sum = 0;
      for (let u = 0; u < units.count; u++) sum += (words[u >> 5] >>> (u & 31)) & 1 ? differences[u] : -differences[u];
      if (Math.abs(sum) >= observed[m]) extremes[m]++;
    }
  }
  return extremes;
}
