import * as tf from '@tensorflow/tfjs-core';
import { correctedLogQ } from './functions/logq.ts';

/** What the pool of a step is to each sequence of a batch; `G` sequences. */
export interface PoolShares {
  /** Items of the pool, `n`. */
  readonly size: number;
  /** Of the pool, those that are no label of the sequence's user; `[G]`. */
  readonly counted: Float32Array;
  /** Probability that a draw of the pool is none of those labels: `1 - Q(own)`; `[G]`. */
  readonly left: Float32Array;
}

/** Least probability of a draw that is none of the own labels: a sketch may count the own ones for more than all. */
const LEAST_LEFT = 1e-6;

/**
 * The shares of a pool.
 *
 * @param logQ log of the number of times that an item is expected in the pool.
 */
export function poolShares(
  pool: Int32Array,
  own: readonly ReadonlySet<number>[],
  logQ: (item: number) => number,
): PoolShares {
  const size = pool.length;
  const counts = new Map<number, number>();
  for (const item of pool) counts.set(item, (counts.get(item) ?? 0) + 1);
  const counted = new Float32Array(own.length).fill(size);
  const left = new Float32Array(own.length).fill(1);
  for (const [g, items] of own.entries()) {
    let expected = 0;
    for (const item of items) {
      counted[g] -= counts.get(item) ?? 0;
      expected += Math.exp(logQ(item));
    }
    left[g] = Math.max(LEAST_LEFT, 1 - expected / size);
  }
  return { size, counted, left };
}

/**
 * The corrected form of logQ over a pool. With `Q(j) = E_j / n` the proposal of the pool and `Q'(j) = Q(j) / left` what
 * it is given that a draw is none of the user's own labels,
 *
 * ```
 * -sg(1 - p) ln(e^{s_p} / sum_j e^{s_j} / Q'(j))     p = e^{s_p} / (e^{s_p} + sum_j e^{s_j} / (counted Q'(j)))
 * ```
 *
 * over the items of the pool that count. Of a user with one label that is the form of the paper.
 *
 * @param labels `s_p`, `[P]`.
 * @param negatives `ln sum_j e^{s_j} / E_j`, `[P]`.
 * @param groups sequence of each pair, `[P]`.
 */
export function correctedPoolLoss(
  labels: tf.Tensor1D,
  negatives: tf.Tensor1D,
  { size, counted, left }: PoolShares,
  groups: Int32Array,
): tf.Tensor1D {
  const logs = Float32Array.from(groups, (g) => Math.log(size * left[g]));
  const logCounts = Float32Array.from(groups, (g) => Math.log(Math.max(1, counted[g])));
  const excess = tf.sub<tf.Tensor1D>(tf.add(negatives, tf.tensor1d(logs)), labels);
  return correctedLogQ(excess, tf.tensor1d(logCounts));
}
