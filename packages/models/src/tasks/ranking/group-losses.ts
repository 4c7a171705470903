import * as tf from '@tensorflow/tfjs-core';

/** Sum over pairs or groups, and how many they are. */
export interface GroupSum {
  /** Absent: there is nothing to sum over. */
  readonly sum?: tf.Scalar;
  readonly count: number;
}

/** Rows by group, in their order; rows without a label (NaN) are in none. */
function rowsByGroup(groups: ArrayLike<number>, labels: ArrayLike<number>): number[][] {
  const members = new Map<number, number[]>();
  for (let row = 0; row < groups.length; row++) {
    if (Number.isNaN(labels[row])) continue;
    const own = members.get(groups[row]);
    if (own === undefined) members.set(groups[row], [row]);
    else own.push(row);
  }
  return [...members.values()];
}

/** Pairs of rows of one group, the first with the larger label. */
export function pairsOf(groups: ArrayLike<number>, labels: ArrayLike<number>): { upper: number[]; lower: number[] } {
  const upper: number[] = [];
  const lower: number[] = [];
  for (const rows of rowsByGroup(groups, labels)) {
    for (const i of rows) {
      for (const j of rows) {
        if (!(labels[i] > labels[j])) continue;
        upper.push(i);
        lower.push(j);
      }
    }
  }
  return { upper, lower };
}

/**
 * `sum softplus(-(z_i - z_j))` over the pairs of a group with `y_i > y_j`.
 *
 * Source: Burges et al. 2005 (doi:10.1145/1102351.1102363), equation 3.
 */
export function pairwiseSum(z: tf.Tensor1D, labels: ArrayLike<number>, groups: ArrayLike<number>): GroupSum {
  const { upper, lower } = pairsOf(groups, labels);
  if (upper.length === 0) return { count: 0 };
  const [high, low] = [upper, lower].map((rows) => tf.gather(z, tf.tensor1d(rows, 'int32')));
  return { sum: tf.sum(tf.softplus(tf.sub(low, high))) as tf.Scalar, count: upper.length };
}

/** Groups with some label above 0. */
export function relevantGroups(groups: ArrayLike<number>, labels: ArrayLike<number>): number[][] {
  return rowsByGroup(groups, labels).filter((rows) => rows.some((row) => labels[row] > 0));
}

/** Logit of no row, beside those of a group. */
const NO_ROW = -1e9;

/**
 * `-sum_i (y_i / sum y) ln softmax(z)_i` of each group with a label above 0, summed over them.
 *
 * Source: Cao et al. 2007 (doi:10.1145/1273496.1273513), the top-one case, with labels in proportion.
 */
export function listwiseSum(z: tf.Tensor1D, labels: ArrayLike<number>, groups: ArrayLike<number>): GroupSum {
  const lists = relevantGroups(groups, labels);
  if (lists.length === 0) return { count: 0 };
  const longest = Math.max(...lists.map(({ length }) => length));
  const places = new Int32Array(lists.length * longest).fill(z.size);
  const shares = new Float32Array(z.size);
  for (const [g, rows] of lists.entries()) {
    places.set(rows, g * longest);
    const total = rows.reduce((sum, row) => sum + labels[row], 0);
    for (const row of rows) shares[row] = labels[row] / total;
  }
  const padded = tf.gather(tf.concat1d([z, tf.tensor1d([NO_ROW])]), tf.tensor1d(places, 'int32'));
  const normalisers = tf.logSumExp(tf.reshape(padded, [lists.length, longest]), 1);
  const sum = tf.sub(tf.sum(normalisers), tf.sum(tf.mul(z, tf.tensor1d(shares)))) as tf.Scalar;
  return { sum, count: lists.length };
}
