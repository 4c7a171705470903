import * as tf from '@tensorflow/tfjs-core';
import { TopItems } from '../backends/kernel-names.ts';
import { NumericError, UnsupportedError } from '../errors.ts';
import { type CandidateOptions, candidateInputs } from './candidates.ts';
import { runKernel } from './run-kernel.ts';

export interface TopItemsOptions extends CandidateOptions {
  /** How many items a query gets. */
  readonly k: number;
}

/** The best items of each query, row by row, best first; among equal scores the lower id first. */
export interface TopItemsResult {
  /** `[B, k]`; -1 where there are fewer than `k` candidates. */
  readonly ids: Int32Array;
  /** `[B, k]`; `-Infinity` where there are fewer than `k` candidates. */
  readonly scores: Float32Array;
}

const OP = 'topItems';

/**
 * {@link topItems} on the device:
 * `[scores float32 [B, k], ids int32 [B, k], number of candidates with a NaN int32 [B]]`.
 *
 * @throws ShapeError, DTypeError, UnsupportedError.
 */
export function topItemTensors(options: TopItemsOptions): [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D] {
  const { k, firstItem = 0 } = options;
  if (!Number.isInteger(k) || k < 1) throw new UnsupportedError(`${OP}: expected k to be an integer >= 1; got ${k}`);
  return tf.tidy(
    OP,
    () =>
      runKernel<tf.Tensor[]>(TopItems, candidateInputs(OP, options), { firstItem, k }) as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor1D,
      ],
  );
}

/**
 * Exact top-k of `q_b . item_i` over all candidates of each query, on the host. Nothing of size `[B, I]` is stored on
 * `simd`, a block of queries elsewhere; the lists take `16 B k` bytes and more while the kernel runs.
 *
 * @throws ShapeError, DTypeError, UnsupportedError; NumericError (with the query's number) when a
 *   candidate's score is NaN.
 */
export async function topItems(options: TopItemsOptions): Promise<TopItemsResult> {
  const tensors = topItemTensors(options);
  try {
    const [scores, ids, undefinedScores] = await Promise.all(tensors.map((tensor) => tensor.data()));
    const b = undefinedScores.findIndex((count) => count > 0);
    if (b >= 0)
      throw new NumericError(
        `${OP}: expected a finite score for every candidate; got ${undefinedScores[b]} without one for query ${b}; the vectors are probably not finite`,
        b,
      );
    return { ids: ids as Int32Array, scores: scores as Float32Array };
  } finally {
    tf.dispose(tensors);
  }
}
