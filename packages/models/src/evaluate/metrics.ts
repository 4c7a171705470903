import { EvaluationError } from '../errors.ts';

/** Metric name to value: `HR@k`, `NDCG@k` for each k, and `MRR`. */
export type Metrics = Readonly<Record<string, number>>;

/** Cut-offs of the reference's published tables. */
export const DEFAULT_KS: readonly number[] = [10, 50, 100, 200];

/**
 * Ranking metrics with one relevant item per query, averaged over queries:
 * `HR@k = mean(rank <= k)`, `NDCG@k = mean(rank <= k ? 1 / log2(rank + 1) : 0)`, `MRR = mean(1 / rank)`.
 *
 * @param ranks from 1; `Infinity` is a miss at every k and adds 0 to MRR.
 * @throws EvaluationError when there is no query.
 */
export function metricsFromRanks(ranks: ArrayLike<number>, ks: readonly number[] = DEFAULT_KS): Metrics {
  if (ranks.length === 0) throw new EvaluationError('metrics: expected at least one ranked query; got none');
  const metrics: Record<string, number> = {};
  for (const k of ks) {
    let hits = 0;
    let gain = 0;
    for (let q = 0; q < ranks.length; q++) {
      if (ranks[q] > k) continue;
      hits++;
      gain += 1 / Math.log2(ranks[q] + 1);
    }
    metrics[`HR@${k}`] = hits / ranks.length;
    metrics[`NDCG@${k}`] = gain / ranks.length;
  }
  let reciprocal = 0;
  for (let q = 0; q < ranks.length; q++) reciprocal += 1 / ranks[q];
  metrics.MRR = reciprocal / ranks.length;
  return metrics;
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
