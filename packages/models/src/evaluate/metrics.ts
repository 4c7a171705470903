import { EvaluationError } from '../errors.ts';
import type { Gain } from './gains.ts';
import { gainOf, metricNames } from './metric-definitions.ts';

/** Metric name to value: `HR@k`, `NDCG@k` for each k, `MRR`, and what was defined since (`defineMetric`). */
export type Metrics = Readonly<Record<string, number>>;

/** Cut-offs of the reference's published tables. */
export const DEFAULT_KS: readonly number[] = [10, 50, 100, 200];

/**
 * Ranking metrics with one relevant item per query, averaged over queries:
 * `HR@k = mean(rank <= k)`, `NDCG@k = mean(rank <= k ? 1 / log2(rank + 1) : 0)`, `MRR = mean(1 / rank)`.
 *
 * With `tied`, `rank` is the first of the `tied + 1` places that the target shares with others of its score, and each
 * metric is its mean over all orders of them: see `gains.ts`.
 *
 * @param ranks from 1; `Infinity` is a miss at every k and adds 0 to MRR.
 * @param tied other candidates with exactly the target's score, one number a query
 * @throws EvaluationError when there is no query, the two lists differ in length, a rank is below 1 or no number, or a
 *   metric gives no number for one.
 */
export function metricsFromRanks(
  ranks: ArrayLike<number>,
  ks: readonly number[] = DEFAULT_KS,
  tied?: ArrayLike<number>,
): Metrics {
  if (ranks.length === 0) throw new EvaluationError('metrics: expected at least one ranked query; got none');
  if (tied !== undefined && tied.length !== ranks.length) {
    throw new EvaluationError(
      `metrics: expected as many numbers of ties as ranks, ${ranks.length}; got ${tied.length}`,
    );
  }
  const mean = (gain: Gain): number => {
    let sum = 0;
    for (let q = 0; q < ranks.length; q++) sum += gain(ranks[q], tied?.[q]);
    return sum / ranks.length;
  };
  checkRanks(ranks);
  return Object.fromEntries(
    metricNames(ks).map((name) => {
      const gain = gainOf(name);
      const value = mean(gain);
      if (!Number.isFinite(value)) throw badGain(name, gain, { ranks, tied });
      return [name, value];
    }),
  );
}

function checkRanks(ranks: ArrayLike<number>): void {
  for (let q = 0; q < ranks.length; q++) {
    if (ranks[q] >= 1) continue;
    throw new EvaluationError(`metrics: expected ranks from 1, Infinity for a miss; got ${ranks[q]} of query ${q}`);
  }
}

/** The error of a metric that gives no number for a rank, of which some package has made it known. */
function badGain(
  name: string,
  gain: Gain,
  { ranks, tied }: { readonly ranks: ArrayLike<number>; readonly tied?: ArrayLike<number> },
): EvaluationError {
  const q = Array.from(ranks).findIndex((rank, at) => !Number.isFinite(gain(rank, tied?.[at])));
  const got =
    q < 0 ? 'a sum that is none' : `${gain(ranks[q], tied?.[q])} for rank ${ranks[q]}, tied ${tied?.[q] ?? 0}`;
  return new EvaluationError(`metrics: ${name}: expected a finite number for every rank; got ${got}; mend its gain`);
}

/** @throws EvaluationError when a cut-off is no whole number in `1..numCandidates`, or appears twice. */
export function checkCutoffs(ks: readonly number[], numCandidates: number): void {
  for (const [i, k] of ks.entries()) {
    if (Number.isInteger(k) && k >= 1 && k <= numCandidates && ks.indexOf(k) === i) continue;
    throw new EvaluationError(
      `evaluate: ks: expected distinct whole numbers in 1..${numCandidates}, the number of candidates; got ${k} in [${ks.join(', ')}]; a hit among more places than candidates is certain`,
    );
  }
}
