import * as tf from '@tensorflow/tfjs-core';
import { RankCounts } from '../backends/kernel-names.ts';
import { NumericError, ShapeError } from '../errors.ts';
import { type CandidateOptions, candidateInputs, checkIds, checkLength, uploaded } from './candidates.ts';
import { runKernel } from './run-kernel.ts';

/**
 * How candidates with exactly the target's score count:
 * - `optimistic`: behind the target (the rank is `1 +` the number of candidates with a higher score);
 * - `pessimistic`: before it;
 * - `mean`: half of them before it, the expected rank under random tie-breaking (can be a half-integer);
 * - `lower-id`: before it when their id is lower.
 */
export type RankTies = 'optimistic' | 'pessimistic' | 'mean' | 'lower-id';

export interface RankCountsOptions extends CandidateOptions {
  /** Item `[B]` whose place is asked for; a candidate even when it is excluded, unless `last` is below it. */
  readonly targets: Int32Array;
}

export interface ExactRanksOptions extends RankCountsOptions {
  /** Default `optimistic`. */
  readonly ties?: RankTies;
}

const OP = 'exactRanks';

/**
 * int32 `[B, 4]`, per query: candidates with a score above the target's, with an equal score and a lower id,
 * with an equal score and a higher id, and without a score (NaN; a target whose score is not finite counts here
 * too). Scores are dot products `q_b . item_i`; nothing of size `[B, I]` is stored on `simd`, a block of
 * queries elsewhere. No gradient.
 *
 * @throws ShapeError, DTypeError.
 */
export function rankCounts(options: RankCountsOptions): tf.Tensor2D {
  const { targets, firstItem = 0, last } = options;
  return tf.tidy(OP, () => {
    const inputs = candidateInputs(OP, options);
    const [numItems] = options.items.shape;
    checkLength(OP, 'targets', targets, options.queries.shape[0]);
    checkIds(OP, 'targets', targets, [firstItem, numItems - 1]);
    if (last !== undefined) {
      const b = targets.findIndex((target, query) => target > last[query]);
      if (b >= 0)
        throw new ShapeError(
          `${OP}: expected the target of query ${b} among its candidates ${firstItem}..${last[b]}; got item ${targets[b]}`,
        );
    }
    return runKernel<tf.Tensor2D>(RankCounts, { ...inputs, targets: uploaded(targets) }, { firstItem });
  });
}

/**
 * Where the target of each query stands: how many other candidates are above it, and how many have exactly its score.
 */
export interface ExactPlaces {
  readonly higher: Int32Array;
  /** With an equal score and a lower id. */
  readonly equalBefore: Int32Array;
  /** With an equal score and a higher id. */
  readonly equalAfter: Int32Array;
}

/**
 * The numbers of candidates above each query's target and beside it, on the host. The target may stand at each of the
 * places `higher + 1 .. higher + 1 + equalBefore + equalAfter`. Scores are compared as they are: two that differ in
 * their last bit are no tie.
 *
 * @throws ShapeError, DTypeError; NumericError (with the query's number) when a candidate has no score, because a
 *   NaN has no place in an order.
 */
export async function exactPlaces(options: RankCountsOptions): Promise<ExactPlaces> {
  const { targets } = options;
  const tensor = rankCounts(options);
  const counts = await tensor.data();
  tensor.dispose();
  const column = (c: number): Int32Array => Int32Array.from(targets, (_, b) => counts[b * 4 + c]);
  const undefinedScores = column(3);
  const b = undefinedScores.findIndex((count) => count > 0);
  if (b >= 0)
    throw new NumericError(
      `${OP}: expected a finite score for every candidate; got ${undefinedScores[b]} without one for query ${b}, whose target is item ${targets[b]}; the vectors are probably not finite`,
      b,
    );
  return { higher: column(0), equalBefore: column(1), equalAfter: column(2) };
}

/**
 * Exact rank of each query's target among all its candidates, from 1, on the host: a number per query.
 *
 * @throws as {@link exactPlaces}.
 */
export async function exactRanks(options: ExactRanksOptions): Promise<Float64Array> {
  const { ties = 'optimistic' } = options;
  const { higher, equalBefore, equalAfter } = await exactPlaces(options);
  return Float64Array.from(higher, (count, b) => rankOf(ties, count, equalBefore[b], equalAfter[b]));
}

/**
 * The rank under a rule for ties, from the numbers of candidates above the target and beside it,
 * by the side of their id.
 */
export function rankOf(ties: RankTies, higher: number, equalBefore: number, equalAfter: number): number {
  switch (ties) {
    case 'optimistic':
      return 1 + higher;
    case 'pessimistic':
      return 1 + higher + equalBefore + equalAfter;
    case 'mean':
      return 1 + higher + (equalBefore + equalAfter) / 2;
    case 'lower-id':
      return 1 + higher + equalBefore;
  }
}
