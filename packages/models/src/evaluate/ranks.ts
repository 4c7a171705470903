import { type RankTies, rankOf } from '@seqrec/core';
import { EvaluationError } from '../errors.ts';
import type { Place } from './ties.ts';

export interface PlaceRequest {
  /** Scores of items `0..lastItem` from `base` on; item 0 is padding and never counts. */
  readonly scores: ArrayLike<number>;
  readonly base: number;
  readonly target: number;
  /** Candidates are `1..lastItem`. */
  readonly lastItem: number;
  /** Items that are not candidates, each once; the target itself always is one. */
  readonly excluded: ArrayLike<number>;
}

export interface RankRequest extends PlaceRequest {
  readonly ties: RankTies;
}

/**
 * Exact rank of the target among all candidates, from 1.
 *
 * @throws EvaluationError as {@link exactPlace}.
 */
export function exactRank(request: RankRequest): number {
  const { higher, equalBefore, equalAfter } = exactPlace(request);
  return rankOf(request.ties, higher, equalBefore, equalAfter);
}

/**
 * How many candidates are above the target, and how many have exactly its score. A candidate at
 * -Infinity is below all others.
 *
 * @throws EvaluationError when the target is no candidate, or a candidate's score is NaN or missing.
 */
export function exactPlace({ scores, base, target, lastItem, excluded }: PlaceRequest): Place {
  checkTarget(target, lastItem);
  if (base + lastItem >= scores.length)
    throw new EvaluationError(
      `rank: expected scores of items 0..${lastItem}; got ${Math.max(0, scores.length - base)} from ${base} on`,
    );
  const score = scores[base + target];
  if (Number.isNaN(score)) throw undefinedScore(target);
  let higher = 0;
  let equalBefore = 0;
  let equalAfter = 0;
  let undefinedScores = 0;
  for (let i = base + 1; i < base + target; i++) {
    if (scores[i] >= score) {
      if (scores[i] > score) higher++;
      else equalBefore++;
    } else if (Number.isNaN(scores[i])) undefinedScores++;
  }
  for (let i = base + target + 1; i <= base + lastItem; i++) {
    if (scores[i] >= score) {
      if (scores[i] > score) higher++;
      else equalAfter++;
    } else if (Number.isNaN(scores[i])) undefinedScores++;
  }
  for (let j = 0; j < excluded.length; j++) {
    const item = excluded[j];
    if (item === target || item < 1 || item > lastItem) continue;
    const other = scores[base + item];
    if (other > score) higher--;
    else if (other === score) {
      if (item < target) equalBefore--;
      else equalAfter--;
    } else if (Number.isNaN(other)) undefinedScores--;
  }
  if (undefinedScores > 0) {
    const out = new Set(Array.from(excluded));
    for (let item = 1; item <= lastItem; item++) {
      if (Number.isNaN(scores[base + item]) && !out.has(item)) throw undefinedScore(item);
    }
  }
  return { higher, equalBefore, equalAfter };
}

function undefinedScore(item: number): EvaluationError {
  return new EvaluationError(
    `rank: expected a score for item ${item}; got NaN; the weights or scores behind it are probably not finite`,
  );
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
