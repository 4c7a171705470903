import { logSumExpScores } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DenseHead } from './head.ts';

/** How vectors of items are learned beside codes. */
export interface DenseLoss {
  /** Times which the loss of vectors is added to that of codes. */
  readonly weight: number;
  /** Codes of the next item after whose last the vector is made: 0 at the end of the history; below `L`. */
  readonly after: number;
  /** What cosines are divided by. */
  readonly temperature: number;
}

/**
 * The dense half of the loss, a softmax over all items:
 *
 * ```
 * loss = - weight sum_t log softmax_i( <q_t, v_i> / temperature )[ i_{t+1} ]
 * ```
 *
 * @param encoded what the encoder made of the tokens that are asked, `[T, D]`.
 * @param targets the item after each, `[T]`.
 *
 * Source: Yang et al. 2024 (LIGER, arXiv:2411.18814) with `after` 0; Yang et al. 2025 (COBRA, arXiv:2503.02453), whose
 * negatives are those of the batch, with more.
 */
export function denseLoss(
  head: DenseHead,
  encoded: tf.Tensor2D,
  targets: Int32Array,
  { weight, temperature }: DenseLoss,
): tf.Scalar {
  return tf.tidy(() => {
    const queries = tf.div(head.queries(encoded), temperature) as tf.Tensor2D;
    const items = head.items();
    const rows = targets.map((item) => item - 1);
    const labels = tf.gather(items, tf.tensor1d(rows, 'int32'));
    const total = tf.sum(logSumExpScores({ queries, items }));
    return tf.mul(tf.sub(total, tf.sum(tf.mul(queries, labels))), weight) as tf.Scalar;
  });
}
