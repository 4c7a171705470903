import * as tf from '@tensorflow/tfjs-core';
import {
  CausalAttention,
  type CausalAttentionInputs,
  CausalAttentionLast,
  type CausalAttentionLastAttrs,
  HstuAttention,
  type HstuAttentionAttrs,
  type HstuAttentionInputs,
  HstuAttentionLast,
} from '../kernel-names.ts';
import { composedKernel, readIntegers } from './kernel.ts';

/**
 * Gives every token the query of its sequence, so that the full attention has the wanted row at each last token;
 * `use` runs it, and gets a function that spreads `[B, ...]` over the tokens.
 */
function lastRows(
  offsets: Int32Array,
  shape: readonly number[],
  use: (spread: (x: tf.Tensor) => tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const batch = offsets.length - 1;
  const tokens = offsets[batch];
  if (tokens === 0) return tf.zeros([batch, shape[1], shape[2]]);
  const owner = new Int32Array(tokens);
  const rows = new Int32Array(batch);
  const present = new Float32Array(batch);
  for (let b = 0; b < batch; b++) {
    owner.fill(b, offsets[b], offsets[b + 1]);
    if (offsets[b] === offsets[b + 1]) continue;
    rows[b] = offsets[b + 1] - 1;
    present[b] = 1;
  }
  const owners = tf.tensor1d(owner, 'int32');
  const last = tf.gather(
    use((x) => tf.gather(x, owners)),
    tf.tensor1d(rows, 'int32'),
  );
  return tf.mul(last, tf.tensor3d(present, [batch, 1, 1]));
}

/** The full attention on this backend, fused or composed. */
export const hstuAttentionLast = composedKernel<HstuAttentionInputs, HstuAttentionAttrs>(
  HstuAttentionLast,
  (inputs, attrs) =>
    lastRows(readIntegers(inputs.offsets), inputs.v.shape, (spread) => {
      const queryTimes = inputs.queryTimes.size > 0 ? spread(inputs.queryTimes) : inputs.queryTimes;
      return tf
        .engine()
        .runKernel(HstuAttention, { ...inputs, q: spread(inputs.q), queryTimes }, { ...attrs }) as tf.Tensor;
    }),
);

export const causalAttentionLast = composedKernel<CausalAttentionInputs, CausalAttentionLastAttrs>(
  CausalAttentionLast,
  (inputs, { scale }) =>
    lastRows(readIntegers(inputs.offsets), inputs.v.shape, (spread) => {
      const attrs = { scale, rate: 0, k0: 0, k1: 0, step: 0, first: 0 };
      return (tf.engine().runKernel(CausalAttention, { ...inputs, q: spread(inputs.q) }, attrs) as tf.Tensor[])[0];
    }),
);
