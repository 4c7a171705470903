import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { StreamAttrs } from './random.ts';

/**
 * Pointwise-SiLU attention over jagged causal sequences with relative attention bias (Zhai et al. 2024, eq. 2).
 * `S = scale * q k^T + position[(j - i) + (n - 1)] + time[bucket(queryTimes_i - keyTimes_j)]`,
 * `out = sum_{j <= i} silu(S) / normalizer * v_j`; `n = (length of positionWeights + 1) / 2`.
 * `bucket(x) = clamp(trunc(ln(max(|x|, 1)) / bucketDivisor), 0, length of timeWeights - 1)`, in float32.
 * Shapes: q, k `[T, H, A]`; v `[T, H, C]`; offsets int32 `[B + 1]`; positionWeights `[2n - 1]` or `[0]`;
 * timeWeights `[K + 1]` or `[0]`; queryTimes, keyTimes int32 `[T]`, or `[0]` when timeWeights is `[0]`. Output
 * `[T, H, C]`. visible int32 `[T, 2]` or `[0]` (causal): query `i` sees keys `lo .. hi - 1` of its sequence, keys
 * below `min(globalKeys, hi)`, and itself.
 *
 * With queryOffsets int32 `[B + 1]` (else `[0]`): q `[Q, H, A]`, queryTimes `[Q]`, visible `[Q, 2]`, output
 * `[Q, H, C]`. The `m` queries of a sequence of `l` keys stand at its places `l - m .. l - 1`; one before place 0 has
 * no causal key and no key of its own. keyRows int32 `[T]` (else `[0]`): k `[R, H, A]`, v `[R, H, C]`, and key `t` is
 * row `keyRows[t]`. selfK `[Q, H, A]`, selfV `[Q, H, C]` (else `[0]`): all queries stand at place `l` and see keys
 * `0 .. l - 1`, or their range, and themselves, at distance 0 and the time of the query; queryTimes is `[B]`.
 */
export const HstuAttention = 'HstuAttention';
export interface HstuAttentionInputs extends NamedTensorInfoMap {
  q: TensorInfo;
  k: TensorInfo;
  v: TensorInfo;
  offsets: TensorInfo;
  positionWeights: TensorInfo;
  timeWeights: TensorInfo;
  queryTimes: TensorInfo;
  keyTimes: TensorInfo;
  visible: TensorInfo;
  queryOffsets: TensorInfo;
  keyRows: TensorInfo;
  selfK: TensorInfo;
  selfV: TensorInfo;
}
export interface HstuAttentionAttrs {
  readonly scale: number;
  readonly normalizer: number;
  readonly bucketDivisor: number;
  /** With `visible`; default 0. */
  readonly globalKeys?: number;
}
/** Outputs `[dq, dk, dv, dPositionWeights, dTimeWeights, dSelfK, dSelfV]`, shapes of the inputs. */
export const HstuAttentionGrad = 'HstuAttentionGrad';
export interface HstuAttentionGradInputs extends HstuAttentionInputs {
  dy: TensorInfo;
}

/**
 * Gated recurrent unit over time-major rows: step `s` is the next `sizes[s]` rows (positive, never rising), its row `i`
 * continues row `i` of the step before. `a = h W^T + b`, `r = sigmoid(x_r + a_r)`, `z = sigmoid(x_z + a_z)`,
 * `n = tanh(x_n + r a_n)`, `h' = (1 - z) n + z h`, `h = 0` before the first step, or row `i` of initial for
 * its row `i`. Shapes: x `[T, 3E]`, weight `[3E, E]`, bias `[3E]`, initial `[sizes[0], E]` or `[0]`, gates in the order
 * r, z, n. Outputs `[states [T, E], gates [T, 4E]]`, the second being `r, z, n, a_n` for the backward pass.
 */
export const GatedRecurrence = 'GatedRecurrence';
export interface GatedRecurrenceInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  weight: TensorInfo;
  bias: TensorInfo;
  initial: TensorInfo;
}
export interface GatedRecurrenceAttrs {
  readonly sizes: readonly number[];
}
/** Without initial. Outputs `[dx [T, 3E], da [T, 3E]]`, the second being the gradient of `h W^T + b`. */
export const GatedRecurrenceGrad = 'GatedRecurrenceGrad';
export interface GatedRecurrenceGradInputs extends NamedTensorInfoMap {
  weight: TensorInfo;
  states: TensorInfo;
  gates: TensorInfo;
  dy: TensorInfo;
}

/**
 * Causal softmax attention over jagged sequences: `P = softmax_{j <= i}(scale * q k^T)`, `out = dropout(P) v`.
 * Outputs `[out [T, H, C], logSumExp [T, H]]`. Dropout keeps `(t, h, j)` (packed query row, head, key position inside
 * the sequence) when word `j & 3` of `philox4x32-10([j >>> 2, first + t H + h, step, 1], [k0, k1])` is at least
 * `floor(rate * 2^32)`; `first + T H` is at most 2^32.
 * visible int32 `[T, 2]` or `[0]`, globalKeys, queryOffsets, keyRows, selfK and selfV as in `HstuAttention`; a query
 * without keys has out 0 and any logSumExp. The own key of a candidate is key `l` for dropout.
 */
export const CausalAttention = 'CausalAttention';
export interface CausalAttentionInputs extends NamedTensorInfoMap {
  q: TensorInfo;
  k: TensorInfo;
  v: TensorInfo;
  offsets: TensorInfo;
  visible: TensorInfo;
  queryOffsets: TensorInfo;
  keyRows: TensorInfo;
  selfK: TensorInfo;
  selfV: TensorInfo;
}
export interface CausalAttentionAttrs extends StreamAttrs {
  readonly scale: number;
  readonly rate: number;
  /** With `visible`; default 0. */
  readonly globalKeys?: number;
}
/** Outputs `[dq, dk, dv, dSelfK, dSelfV]`. */
export const CausalAttentionGrad = 'CausalAttentionGrad';
export interface CausalAttentionGradInputs extends CausalAttentionInputs {
  out: TensorInfo;
  logSumExp: TensorInfo;
  dy: TensorInfo;
}
