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
 * int32 `[B, 4]`, per query: candidates with a score above the target's, with an equal score and a lower id, with an equal
 * score and a higher id, and without a score (NaN; a target whose score is not finite counts here too). Scores are dot
 * products `q_b . item_i`; nothing of size `[B, I]` is stored on `simd`, a block of queries elsewhere. No gradient.
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
 * Exact rank of each query's target among all its candidates, from 1, on the host: a number per query.
 *
 * @throws ShapeError, DTypeError; NumericError (with the query's number) when a candidate has no score, because a NaN has no
 * place in an order.
 */
export async function exactRanks(options: ExactRanksOptions): Promise<Float64Array> {
  const { targets, ties = 'optimistic' } = options;
  const tensor = rankCounts(options);
  const counts = await tensor.data();
  tensor.dispose();
  const ranks = new Float64Array(targets.length);
  for (let b = 0; b < ranks.length; b++) {
    const [higher, before, after, undefinedScores] = counts.subarray(b * 4, b * 4 + 4);
    if (undefinedScores > 0)
      throw new NumericError(
        `${OP}: expected a finite score for every candidate; got ${undefinedScores} without one for query ${b}, whose target is item ${targets[b]}; the vectors are probably not finite`,
        b,
      );
    ranks[b] = rankOf(ties, higher, before, after);
  }
  return ranks;
}

/** The rank under a rule for ties, from the numbers of candidates above the target and beside it, by the side of their id. */
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
