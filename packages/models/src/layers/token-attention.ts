import * as tf from '@tensorflow/tfjs-core';

export interface TokenAttentionOptions {
  readonly heads: number;
  /** What scores are multiplied by; default `1 / sqrt(A)`. */
  readonly scale?: number;
  /** What becomes of the weights `[B, H, M, N]` before they are used, such as dropout. */
  readonly onWeights?: (weights: tf.Tensor4D) => tf.Tensor4D;
}

/**
 * Softmax attention among the few tokens of each row, every token visible: `y_ih = sum_j softmax_j(s <q_ih, k_jh>)
 * v_jh`.
 *
 * @param q `[B, M, H A]`, heads side by side; `M` tokens ask.
 * @param k `[B, N, H A]`.
 * @param v `[B, N, H C]`.
 * @returns y `[B, M, H C]`, weights `[B, H, M, N]`.
 */
export function tokenAttention(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { heads, scale, onWeights = (weights) => weights }: TokenAttentionOptions,
): { readonly y: tf.Tensor3D; readonly weights: tf.Tensor4D } {
  return tf.tidy(() => {
    const [ofQuery, ofKey, ofValue] = [q, k, v].map((x) => byHead(x, heads));
    const scores = tf.mul(tf.matMul(ofQuery, ofKey, false, true), scale ?? 1 / Math.sqrt(q.shape[2] / heads));
    const weights = onWeights(tf.softmax(scores) as tf.Tensor4D);
    const mixed = tf.transpose(tf.matMul(weights, ofValue), [0, 2, 1, 3]);
    return { y: tf.reshape(mixed, [q.shape[0], q.shape[1], v.shape[2]]), weights };
  });
}

/** `[B, N, H A]` to `[B, H, N, A]`. */
function byHead(x: tf.Tensor3D, heads: number): tf.Tensor4D {
  const [rows, tokens, width] = x.shape;
  return tf.transpose(tf.reshape(x, [rows, tokens, heads, width / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
}
