import { type RankTies, rankOf } from '@seqrec/core';
import { EvaluationError } from '../errors.ts';
import { type Metrics, metricsFromRanks } from './metrics.ts';

/**
 * How candidates with exactly the target's score count. `expected`: every metric is its mean over all orders of the
 * tied candidates. The others are one order: see `RankTies`.
 */
export type TieRule = 'expected' | RankTies;

/** Where one target stands: other candidates above it, and those of its score by the side of their id. */
export interface Place {
  readonly higher: number;
  readonly equalBefore: number;
  readonly equalAfter: number;
}

/** Whether all `candidates` of a query have the score of its target. */
export function tiesWithAll({ equalBefore, equalAfter }: Place, candidates: number): boolean {
  return equalBefore + equalAfter === candidates - 1;
}

/** What is thrown for a model that gives all candidates of every query the same score. */
export function collapsed(operation: string): EvaluationError {
  return new EvaluationError(
    `${operation}: expected scores that tell candidates apart; got one and the same score for all candidates of every query; the model has collapsed: use a smaller learning rate or an earlier checkpoint`,
  );
}

/** The rank under a rule; for `expected` the first of the places that the target shares. */
export function rankUnder(rule: TieRule, { higher, equalBefore, equalAfter }: Place): number {
  return rankOf(rule === 'expected' ? 'optimistic' : rule, higher, equalBefore, equalAfter);
}

/** Ranks of queries, what they tie with, and the rule under which both were recorded. */
export interface TiedRanks {
  readonly ranks: ArrayLike<number>;
  readonly tied: ArrayLike<number>;
  readonly ties: TieRule;
}

/** The metrics of ranks under their rule. */
export function metricsUnder({ ranks, tied, ties }: TiedRanks, ks: readonly number[]): Metrics {
  return metricsFromRanks(ranks, ks, ties === 'expected' ? tied : undefined);
}

/** What a printed definition says of ties. */
export const TIES_IN_WORDS: Readonly<Record<TieRule, string>> = {
  expected: 'every metric is its mean over all orders of the candidates with the same score as the target',
  optimistic: 'equal scores count behind the target',
  pessimistic: 'equal scores count before the target',
  mean: 'equal scores count half of them before the target',
  'lower-id': 'equal scores count before the target when their id is lower',
};

/** More than this share of tied targets is told beside the metrics. */
const TOLD_FROM = 0.01;

/**
 * One sentence about the ties of a set of ranks; nothing when at most 1 % of the targets share their score.
 *
 * @param k cut-off of the hit rate in the sentence
 */
export function tieWarning({ ranks, tied, ties }: TiedRanks, k: number): string | undefined {
  let [count, sum] = [0, 0];
  for (let q = 0; q < tied.length; q++) {
    if (tied[q] === 0) continue;
    count++;
    sum += tied[q];
  }
  if (count <= TOLD_FROM * tied.length) return undefined;
  const share = ((100 * count) / tied.length).toFixed(1);
  const found = `ties: ${count} of ${tied.length} targets (${share} %) have exactly the score of another candidate, of ${(sum / count).toFixed(1)} on average`;
  const others = spread({ ranks, tied, ties }, k);
  return `${found}; ${others}`;
}

/** What the rule makes of the ties, in hit rates. */
function spread({ ranks, tied, ties }: TiedRanks, k: number): string {
  const hits = (of: (q: number) => number, spare?: ArrayLike<number>): string =>
    metricsFromRanks(
      Array.from(ranks, (_, q) => of(q)),
      [k],
      spare,
    )[`HR@${k}`].toFixed(4);
  if (ties === 'expected') {
    const [first, last] = [hits((q) => ranks[q]), hits((q) => ranks[q] + tied[q])];
    return `HR@${k} would be ${first} with every target first among its equals, ${last} with every target last`;
  }
  if (ties === 'optimistic')
    return `every target counts as first among its equals: on average over their orders HR@${k} is ${hits((q) => ranks[q], tied)}`;
  if (ties === 'pessimistic')
    return `every target counts as last among its equals: on average over their orders HR@${k} is ${hits((q) => ranks[q] - tied[q], tied)}`;
  return TIES_IN_WORDS[ties];
}
