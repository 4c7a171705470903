import * as tf from '@tensorflow/tfjs-core';
import type { Branches, BranchLogits } from '../../model.ts';
import type { Head } from './heads.ts';
import { knownRows, labelLoss } from './label-rows.ts';
import type { RowTruth } from './loss.ts';

/** The logits of each head, `[B]`. The gradient of a split into one part fails in TensorFlow.js. */
export function byHead(logits: tf.Tensor2D): tf.Tensor1D[] {
  const heads = logits.shape[1];
  const columns = heads === 1 ? [logits] : tf.split(logits, heads, 1);
  return columns.map((column) => tf.reshape(column, [-1]));
}

/**
 * The loss of some rows of a batch under a model whose branches are trained as well: as `rankingLoss`, with what
 * `Branches.loss` makes of the loss of each label. The heads are those of plain labels, `isPlainHead`.
 */
export function branchesLoss(
  heads: readonly Head[],
  loss: Branches['loss'],
  made: BranchLogits,
  { part, whole }: { readonly part: RowTruth; readonly whole: RowTruth },
): tf.Scalar {
  const fused = byHead(made.logits);
  const branches = made.branches.map(byHead);
  const terms = heads.map((head, l) => {
    const own = labelLoss(part.labels[l], head.loss === 'squared' ? 'squared' : 'binary');
    const mean = loss(
      fused[l],
      branches.map((branch) => branch[l]),
      own,
    );
    // Means over the rows of the whole batch, as a sum over those of the part.
    return tf.mul(mean, (head.weight * whole.rows * own.rows) / Math.max(1, knownRows(whole.labels[l])));
  });
  return (terms.length === 1 ? terms[0] : tf.addN(terms)) as tf.Scalar;
}
