import { type RankTies, rankOf } from '@seqrec/core';
import { EvaluationError } from '../errors.ts';

export interface RankRequest {
  /** Scores of items `0..lastItem` from `base` on; item 0 is padding and never counts. */
  readonly scores: ArrayLike<number>;
  readonly base: number;
  readonly target: number;
  /** Candidates are `1..lastItem`. */
  readonly lastItem: number;
  /** Items that are not candidates, each once; the target itself always is one. */
  readonly excluded: ArrayLike<number>;
  readonly ties: RankTies;
}

/**
 * Exact rank of the target among all candidates, from 1.
 *
 * @throws EvaluationError when the target is no candidate or its score is NaN.
 */
export function exactRank({ scores, base, target, lastItem, excluded, ties }: RankRequest): number {
  checkTarget(target, lastItem);
  const score = scores[base + target];
  if (Number.isNaN(score)) {
    throw new EvaluationError(
      `rank: expected a score for item ${target}; got NaN; the model's weights are probably not finite`,
    );
  }
  let higher = 0;
  let equalBefore = 0;
  let equalAfter = 0;
  for (let i = base + 1; i < base + target; i++) {
    if (scores[i] >= score) {
      if (scores[i] > score) higher++;
      else equalBefore++;
    }
  }
  for (let i = base + target + 1; i <= base + lastItem; i++) {
    if (scores[i] >= score) {
      if (scores[i] > score) higher++;
      else equalAfter++;
    }
  }
  for (let j = 0; j < excluded.length; j++) {
    const item = excluded[j];
    if (item === target || item < 1 || item > lastItem) continue;
    const other = scores[base + item];
    if (other > score) higher--;
    else if (other === score) {
      if (item < target) equalBefore--;
      else equalAfter--;
    }
  }
  return rankOf(ties, higher, equalBefore, equalAfter);
}

/** @throws EvaluationError when the target is no candidate. */
export function checkTarget(target: number, lastItem: number): void {
  if (target >= 1 && target <= lastItem) return;
  throw new EvaluationError(`rank: expected the target among the candidates 1..${lastItem}; got item ${target}`);
}

/** Finds the distinct items of a list without allocating a set per call. */
export class DistinctItems {
  readonly #stamps: Int32Array;
  #stamp = 0;

  constructor(numItems: number) {
    this.#stamps = new Int32Array(numItems + 1);
  }

  /** The distinct entries of `items[start, end)`, in order of first appearance. */
  of(items: ArrayLike<number>, start: number, end: number): number[] {
    this.#stamp++;
    const out: number[] = [];
    for (let e = start; e < end; e++) {
      if (this.#stamps[items[e]] === this.#stamp) continue;
      this.#stamps[items[e]] = this.#stamp;
      out.push(items[e]);
    }
    return out;
  }
}
