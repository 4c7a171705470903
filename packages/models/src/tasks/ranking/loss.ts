import * as tf from '@tensorflow/tfjs-core';
import { productLogit } from './conditional.ts';
import { listwiseSum, pairsOf, pairwiseSum, relevantGroups } from './group-losses.ts';
import { type Head, isOfGroups } from './heads.ts';
import { rowLosses } from './losses.ts';

/** What is known of some rows; every array has one number a row, NaN for none. */
export interface RowTruth {
  readonly rows: number;
  /** Of each head. */
  readonly labels: readonly Float32Array[];
  /** Of each head that has a teacher. */
  readonly teachers: readonly (Float32Array | undefined)[];
  readonly weights?: Float32Array;
  readonly groups?: ArrayLike<number>;
}

/**
 * The loss of some rows of a batch, so that the sum over all its parts, divided by the rows of the batch, is
 *
 * ```
 * sum_l w_l L_l      L_l = sum_b v_b loss_lb / sum_b v_b       over the rows of the batch that head l learns from
 * ```
 *
 * with `v` the weights of rows. Of `pairwise` `L_l` is the mean over pairs, of `listwise` over groups with a label
 * above 0, both without `v`; parts hold whole groups. With log variances `s = ln sigma^2` it is
 * `sum_l w_l L_l e^{-s_l} / 2 + s_l / 2`. A head of weight 0 has no part in it.
 *
 * @param logits a column a head.
 */
export function rankingLoss(
  heads: readonly Head[],
  logits: readonly tf.Tensor1D[],
  { part, whole }: { readonly part: RowTruth; readonly whole: RowTruth },
  logVariances?: tf.Tensor1D,
): tf.Scalar {
  const products = productLogits(heads, logits);
  const terms: tf.Scalar[] = [];
  for (const [l, head] of heads.entries()) {
    if (head.weight === 0) continue;
    const [sum, total] = isOfGroups(head)
      ? groupTerm(head, l, logits[l], { part, whole })
      : rowTerm(head, l, { own: logits[l], product: products[l] }, { part, whole });
    // Means over the rows of the whole batch, as a sum over those of the part.
    const mean = sum && tf.mul(sum, (head.weight * whole.rows) / (total || 1));
    if (logVariances === undefined) {
      if (mean) terms.push(mean as tf.Scalar);
      continue;
    }
    const s = heads.length === 1 ? tf.reshape(logVariances, []) : tf.reshape(tf.slice(logVariances, l, 1), []);
    if (mean) terms.push(tf.mul(tf.mul(mean, tf.exp(tf.neg(s))), 0.5) as tf.Scalar);
    terms.push(tf.mul(s, part.rows / 2) as tf.Scalar);
  }
  if (terms.length > 0) return (terms.length === 1 ? terms[0] : tf.addN(terms)) as tf.Scalar;
  return tf.mul(tf.sum(logits[0]), 0) as tf.Scalar;
}

/** Logits of products with those of the parents, where heads have one. */
function productLogits(heads: readonly Head[], logits: readonly tf.Tensor1D[]): tf.Tensor1D[] {
  const made: tf.Tensor1D[] = [];
  for (const [l, { parent, condition, loss }] of heads.entries()) {
    // What is masked teaches its parent nothing; as a parent of others it is a product as well.
    const isRead = condition === 'product' || heads.some((head) => head.parent === l);
    made.push(parent !== undefined && loss === 'binary' && isRead ? productLogit(made[parent], logits[l]) : logits[l]);
  }
  return made;
}

/** Which rows a head learns from. */
function learnsFrom({ parent, condition }: Head, l: number, { labels }: RowTruth): (row: number) => boolean {
  const own = labels[l];
  if (parent === undefined || condition === 'product') return (row) => !Number.isNaN(own[row]);
  return (row) => !Number.isNaN(own[row]) && labels[parent][row] === 1;
}

type Parts = { readonly part: RowTruth; readonly whole: RowTruth };

function rowTerm(
  head: Head,
  l: number,
  { own, product }: { readonly own: tf.Tensor1D; readonly product: tf.Tensor1D },
  { part, whole }: Parts,
): [tf.Scalar, number] {
  const z = head.condition === 'product' ? product : own;
  const counts = weightOf(head, l, part);
  const isPlain = counts.every((weight) => weight === 1);
  const values = part.labels[l];
  const y = tf.tensor1d(values.some(Number.isNaN) ? values.map((value) => (Number.isNaN(value) ? 0 : value)) : values);
  const each = withTeacher(head, part.teachers[l], z, rowLosses(head, z, y));
  const sum = tf.sum(isPlain ? each : tf.mul(each, tf.tensor1d(counts))) as tf.Scalar;
  return [sum, weightOf(head, l, whole).reduce((total, weight) => total + weight, 0)];
}

/** What each row counts: its weight, or 0 where the head learns nothing from it. */
function weightOf(head: Head, l: number, truth: RowTruth): Float32Array {
  const learns = learnsFrom(head, l, truth);
  return Float32Array.from({ length: truth.rows }, (_, row) => (learns(row) ? (truth.weights?.[row] ?? 1) : 0));
}

/** Direct distillation: a share of the loss is the distance from the teacher, of the rows that it has seen. */
function withTeacher(
  { teacher }: Head,
  predictions: Float32Array | undefined,
  z: tf.Tensor1D,
  hard: tf.Tensor1D,
): tf.Tensor1D {
  if (teacher === undefined || predictions === undefined) return hard;
  const share = predictions.map((p) => (Number.isNaN(p) ? 0 : teacher.share));
  if (share.every((each) => each === 0)) return hard;
  const soft = tf.square(tf.sub(tf.sigmoid(z), tf.tensor1d(predictions.map((p) => (Number.isNaN(p) ? 0 : p)))));
  return tf.add(tf.mul(hard, tf.tensor1d(share.map((a) => 1 - a))), tf.mul(soft, tf.tensor1d(share)));
}

function groupTerm(head: Head, l: number, z: tf.Tensor1D, { part, whole }: Parts): [tf.Scalar | undefined, number] {
  const [groups, all] = [part.groups, whole.groups] as [ArrayLike<number>, ArrayLike<number>];
  const made = (head.loss === 'pairwise' ? pairwiseSum : listwiseSum)(z, part.labels[l], groups);
  const total =
    head.loss === 'pairwise' ? pairsOf(all, whole.labels[l]).upper.length : relevantGroups(all, whole.labels[l]).length;
  return [made.sum, total];
}
