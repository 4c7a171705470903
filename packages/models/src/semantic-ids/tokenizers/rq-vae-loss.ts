import * as tf from '@tensorflow/tfjs-core';
import type { RqVaePass } from './rq-vae.ts';

/** Whether terms are sums over dimensions and levels, or means. */
export const lossReductions = ['sum', 'mean'] as const;
export type LossReduction = (typeof lossReductions)[number];

export interface RqVaeLossOptions {
  /** Default `sum`. */
  readonly reduction?: LossReduction;
  readonly diversity?: {
    readonly weight: number;
    /** Of each level {@link diversityLoss}'s, int32 `[B]`. */
    readonly positives: readonly tf.Tensor1D[];
  };
  readonly collaborative?: { readonly weight: number; readonly vectors: tf.Tensor2D };
}

/**
 * What an RQ-VAE is trained on, `r` the reconstruction and `q` the quantisation of {@link RqVaePass}, `d` and `m` the
 * widths of what is encoded and quantised:
 *
 * ```
 * sum    mean_i(r + q)           + w_D sum_l D_l     + w_C C
 * mean   mean_i(r / d + q / m L) + w_D sum_l D_l / L + w_C C
 * ```
 *
 * Source: Rajput et al. 2023 (arXiv:2305.05065), which has sums; `D`, `C` and means: Wang et al. 2024 (LETTER,
 * arXiv:2405.07314).
 */
export function rqVaeLoss(pass: RqVaePass, options: RqVaeLossOptions = {}): tf.Scalar {
  const { reduction = 'sum', diversity, collaborative } = options;
  const levels = pass.codes.length;
  const isMean = reduction === 'mean';
  const base = isMean
    ? tf.add(
        tf.div(pass.reconstruction, pass.decoded.shape[1]),
        tf.div(pass.quantisation, levels * pass.quantised.shape[1]),
      )
    : tf.add(pass.reconstruction, pass.quantisation);
  const terms: tf.Tensor[] = [tf.mean(base)];
  if (diversity !== undefined) {
    const weight = isMean ? diversity.weight / levels : diversity.weight;
    for (const [level, positives] of diversity.positives.entries()) {
      const term = diversityLoss(pass.chosen[level], pass.books[level], pass.codes[level], positives);
      terms.push(tf.mul(term, weight));
    }
  }
  if (collaborative !== undefined)
    terms.push(tf.mul(collaborativeLoss(pass.quantised, collaborative.vectors), collaborative.weight));
  return (terms.length === 1 ? terms[0] : tf.addN(terms)) as tf.Scalar;
}

/** Taken from the score of a code with itself: it is no choice. */
const OWN = 1e12;

/**
 * Codes of one cluster near one another, all others apart:
 * `D = -mean_i log( exp(<e_i, E[p_i]>) / sum_{k != c_i} exp(<e_i, E[k]>) )`; a row whose `p_i` is -1 counts 0.
 *
 * Source: Wang et al. 2024 (LETTER, arXiv:2405.07314).
 *
 * @param chosen `e_i = E[c_i]`, `[B, m]`
 * @param book `E`, `[K, m]`
 * @param codes `c_i`, int32 `[B]`
 * @param positives `p_i`, another code of its cluster, int32 `[B]`
 */
export function diversityLoss(
  chosen: tf.Tensor2D,
  book: tf.Tensor2D,
  codes: tf.Tensor1D,
  positives: tf.Tensor1D,
): tf.Scalar {
  const own = tf.mul(tf.oneHot(codes, book.shape[0]), OWN);
  const scores = tf.sub(tf.matMul(chosen, book, false, true), own);
  const picked = tf.mul(tf.logSoftmax(scores), tf.oneHot(positives, book.shape[0]));
  return tf.neg(tf.div(tf.sum(picked), chosen.shape[0])) as tf.Scalar;
}

/**
 * What stands for an item tells its vector of behaviour from those of the batch:
 * `C = -mean_i log( exp(<q_i, h_i>) / sum_j exp(<q_i, h_j>) )`, the mean over items whose vector is not zeros.
 *
 * Source: Wang et al. 2024 (LETTER, arXiv:2405.07314).
 *
 * @param quantised `q`, `[B, m]`
 * @param vectors `h`, `[B, m]`, constants
 */
export function collaborativeLoss(quantised: tf.Tensor2D, vectors: tf.Tensor2D): tf.Scalar {
  const count = quantised.shape[0];
  const isKnown = tf.cast(tf.greater(tf.sum(tf.abs(vectors), 1), 0), 'float32');
  const scores = tf.logSoftmax(tf.matMul(quantised, vectors, false, true));
  const own = tf.sum(tf.mul(scores, tf.oneHot(tf.range(0, count, 1, 'int32'), count)), 1);
  return tf.neg(tf.div(tf.sum(tf.mul(own, isKnown)), tf.maximum(tf.sum(isKnown), 1))) as tf.Scalar;
}
