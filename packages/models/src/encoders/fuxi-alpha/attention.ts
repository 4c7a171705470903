import { type AttentionQueries, hstuAttention, type Offsets, type RelativeBias } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/** Values and who asks, as an attention takes them. */
export interface ValuesOf extends AttentionQueries {
  /** `[T, H, C]`. */
  readonly v: tf.Tensor;
  readonly offsets: Offsets;
  /** Rows that ask: `T`, or `Q` with `queryOffsets`. */
  readonly rows: number;
}

/**
 * A channel without queries and keys: `out_i = sum_{j <= i} w_ij v_j`, `w_ij` the sum of the weights of `bias` at
 * (i, j), the same for all heads.
 *
 * The kernels of {@link hstuAttention} make it, which apply SiLU: `silu(w) - silu(-w) = w`, exactly but for one
 * rounding, so a channel is two calls with one head of width `H C`, and nothing of all pairs is stored.
 *
 * @returns `[rows, H, C]`.
 */
export function weighted({ v, rows, candidates, ...asked }: ValuesOf, bias: RelativeBias): tf.Tensor3D {
  const [, heads, width] = v.shape as [number, number, number];
  const flat = (values: tf.Tensor): tf.Tensor => tf.reshape(values, [values.shape[0], 1, heads * width]);
  const nothing = (count: number): tf.Tensor => tf.zeros([count, 1, 1]);
  const options = {
    ...asked,
    q: nothing(rows),
    k: nothing(v.shape[0]),
    v: flat(v),
    normalizer: 1,
    ...(candidates && { candidates: { k: nothing(rows), v: flat(candidates.v) } }),
  };
  const [positive, negative] = [bias, negated(bias)].map((signed) => hstuAttention({ ...options, bias: signed }));
  return tf.reshape(tf.sub(positive, negative), [rows, heads, width]);
}

function negated({ positionWeights, time }: RelativeBias): RelativeBias {
  return {
    positionWeights: tf.neg(positionWeights),
    ...(time && { time: { ...time, timeWeights: tf.neg(time.timeWeights) } }),
  };
}
