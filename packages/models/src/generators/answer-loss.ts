import { logSumExpScores } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import type { Run } from '../layers/layer.ts';
import type { TokenEncoder } from '../model.ts';
import { scaledQueries } from '../objectives/temperature.ts';

/** Answers that are each one of the same neighbouring rows of the table. */
export interface AnswerGroup {
  /** The first of these rows, and how many they are. */
  readonly first: number;
  readonly size: number;
  /** The token before each answer. */
  readonly tokens: Int32Array;
  /** The row of each answer. */
  readonly rows: Int32Array;
}

export interface AnswerLossOptions {
  /** What scores are divided by before the softmax. */
  readonly temperature: number;
  readonly run: Run;
  /** What is added to the loss, of what the encoder made of the tokens `[T, D]`. */
  readonly beside?: (encoded: tf.Tensor2D) => tf.Scalar;
}

/**
 * Minus the log-likelihood of the answers of a batch of tokens, each among the rows of its group:
 *
 * ```
 * loss = - sum over answers of log softmax_{rows of the group}( <encode(token before), vector(row)> / temperature )
 * ```
 *
 * Tokens that are no answers add nothing.
 */
export function answerLoss(
  encoder: TokenEncoder,
  batch: SequenceBatch,
  asked: readonly AnswerGroup[],
  { temperature, run, beside }: AnswerLossOptions,
): tf.Scalar {
  return tf.tidy(() => {
    const encoded = encoder.encode(uploadBatch(batch), run);
    const vectors = encoder.itemVectors(run);
    const losses = asked.flatMap(({ first, size, tokens, rows }) => {
      if (rows.length === 0) return [];
      const own = tf.gather(encoded, tf.tensor1d(tokens, 'int32')) as tf.Tensor2D;
      const { queries, temperature: left } = scaledQueries(encoder, own, temperature);
      const scaled = left === 1 ? queries : tf.div(queries, left);
      const all = tf.slice(vectors, [first, 0], [size, -1]);
      const labels = tf.gather(vectors, tf.tensor1d(rows, 'int32'));
      const total = logSumExpScores({ queries: scaled, items: all });
      return [tf.sub(tf.sum(total), tf.sum(tf.mul(scaled, labels)))];
    });
    return tf.addN(beside === undefined ? losses : [...losses, beside(encoded)]) as tf.Scalar;
  });
}
