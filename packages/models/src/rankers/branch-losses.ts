import * as tf from '@tensorflow/tfjs-core';
import type { Branches } from '../model.ts';
import { stopGradient } from './stop-gradient.ts';

/**
 * Tri-BCE: `L + sum_k w_k L_k`, where `L` is the mean loss of the fused logits, `L_k` that of branch `k` and
 * `w_k = max(0, L_k - L)`: a branch is trained by its own loss as far as it is worse than both together.
 *
 * Means are over the rows of a part, where a batch is computed in several: weights are those of each part.
 *
 * @param detachWeights whether `w_k` is a constant. The code of the paper lets gradients through it.
 *
 * Source: Li et al. 2024 (arXiv:2407.13349); `add_loss` of salmon1802/FCN at 1835ffe.
 */
export function triLoss(detachWeights: boolean): Branches['loss'] {
  return (logits, branches, label) => {
    const fused = label.ofLabel(logits);
    const terms = branches.map((branch) => {
      const own = label.ofLabel(branch);
      const weight = tf.relu(tf.sub(own, fused));
      return tf.mul(own, detachWeights ? stopGradient(weight) : weight);
    });
    return tf.addN([fused, ...terms]) as tf.Scalar;
  };
}

/**
 * `L(z, y) + sum_k L(z_k, p)`: branches are taught by what all of them predict together, `p = sigmoid(z)`, as a
 * constant.
 *
 * Source: Zhu et al. 2023, "FINAL: Factorized Interaction Layer for CTR Prediction" (doi:10.1145/3539618.3591988);
 * `add_loss` of FuxiCTR's `FinalNet`.
 */
export const taughtByFused: Branches['loss'] = (logits, branches, label) =>
  tf.addN([label.ofLabel(logits), ...branches.map((branch) => label.ofTeacher(branch, logits))]) as tf.Scalar;
