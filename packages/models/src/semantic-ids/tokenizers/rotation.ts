import * as tf from '@tensorflow/tfjs-core';

/** Added to lengths that are divided by. */
export const ROTATION_EPSILON = 1e-6;

/**
 * The rotation trick: the rows of `e` as they are, whose gradient reaches `r` turned and scaled as `r` would be to
 * become `e`, and does not reach `e`.
 *
 * ```
 * u = r / |r|;  v = e / |e|;  w = (u + v) / |u + v|;  R = I - 2 w w^T + 2 v u^T;  s = |e| / |r|       R u = v
 * q = e,  dL/dr = s R^T dL/dq = s (dL/dq - 2 w <w, dL/dq> + 2 u <v, dL/dq>)
 * ```
 *
 * A row of length 0 on either side has no direction: its gradient passes as it is.
 *
 * Source: Fifty et al. 2024 (arXiv:2410.06424), section 4.2, where the product is `s R r`: the same but for rounding.
 *
 * @param r rows, `[B, m]`
 * @param e what stands for them, `[B, m]`
 */
export function rotated(r: tf.Tensor2D, e: tf.Tensor2D): tf.Tensor2D {
  const turn = tf.customGrad((from, to, save) => {
    (save as tf.GradSaveFunc)([from as tf.Tensor, to as tf.Tensor]);
    return {
      value: tf.clone(to as tf.Tensor),
      gradFunc: (dq: tf.Tensor, saved: tf.Tensor[]) => {
        const [rows, chosen] = saved;
        return [turnedBack(rows, chosen, dq), tf.zerosLike(chosen)];
      },
    };
  });
  return turn(r, e) as tf.Tensor2D;
}

function turnedBack(r: tf.Tensor, e: tf.Tensor, dq: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const [ofR, ofE] = [tf.norm(r, 2, 1, true), tf.norm(e, 2, 1, true)];
    const [u, v] = [unit(r, ofR), unit(e, ofE)];
    const sum = tf.add(u, v);
    const w = unit(sum, tf.norm(sum, 2, 1, true));
    const along = (direction: tf.Tensor): tf.Tensor => tf.sum(tf.mul(direction, dq), 1, true);
    const turned = tf.add(dq, tf.mul(tf.sub(tf.mul(u, along(v)), tf.mul(w, along(w))), 2));
    const isTurned = tf.logicalAnd(tf.greater(ofR, 0), tf.greater(ofE, 0));
    return tf.where(tf.broadcastTo(isTurned, dq.shape), tf.mul(turned, tf.div(ofE, tf.add(ofR, ROTATION_EPSILON))), dq);
  });
}

/** Opposite rows, whose sum has no direction, keep a sum of zeros: `R` turns `u` into `v` all the same. */
function unit(rows: tf.Tensor, lengths: tf.Tensor): tf.Tensor {
  return tf.div(rows, tf.maximum(lengths, ROTATION_EPSILON));
}
