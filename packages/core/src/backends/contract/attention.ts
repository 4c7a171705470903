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
}
export interface HstuAttentionAttrs {
  readonly scale: number;
  readonly normalizer: number;
  readonly bucketDivisor: number;
  /** With `visible`; default 0. */
  readonly globalKeys?: number;
}
/** Outputs `[dq, dk, dv, dPositionWeights, dTimeWeights]`, shapes of the inputs. */
export const HstuAttentionGrad = 'HstuAttentionGrad';
export interface HstuAttentionGradInputs extends HstuAttentionInputs {
  dy: TensorInfo;
}

/**
 * `HstuAttention` of the last query of each sequence alone, for inference: q `[B, H, A]` and queryTimes `[B]` or
 * `[0]` belong to the last tokens, the other inputs and the attributes are those of `HstuAttention`. Output
 * `[B, H, C]`, zeros for an empty sequence. No gradient.
 */
export const HstuAttentionLast = 'HstuAttentionLast';

/**
 * Gated recurrent unit over time-major rows: step `s` is the next `sizes[s]` rows (positive, never rising), its row `i`
 * continues row `i` of the step before. `a = h W^T + b`, `r = sigmoid(x_r + a_r)`, `z = sigmoid(x_z + a_z)`,
 * `n = tanh(x_n + r a_n)`, `h' = (1 - z) n + z h`, `h = 0` before the first step. Shapes: x `[T, 3E]`, weight
 * `[3E, E]`, bias `[3E]`, gates in the order r, z, n. Outputs `[states [T, E], gates [T, 4E]]`, the second being
 * `r, z, n, a_n` for the backward pass.
 */
export const GatedRecurrence = 'GatedRecurrence';
export interface GatedRecurrenceInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  weight: TensorInfo;
  bias: TensorInfo;
}
export interface GatedRecurrenceAttrs {
  readonly sizes: readonly number[];
}
/** Outputs `[dx [T, 3E], da [T, 3E]]`, the second being the gradient of `h W^T + b`. */
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
 * visible int32 `[T, 2]` or `[0]` and globalKeys, as in `HstuAttention`.
 */
export const CausalAttention = 'CausalAttention';
export interface CausalAttentionInputs extends NamedTensorInfoMap {
  q: TensorInfo;
  k: TensorInfo;
  v: TensorInfo;
  offsets: TensorInfo;
  visible: TensorInfo;
}
export interface CausalAttentionAttrs extends StreamAttrs {
  readonly scale: number;
  readonly rate: number;
  /** With `visible`; default 0. */
  readonly globalKeys?: number;
}
/** Outputs `[dq, dk, dv]`. */
export const CausalAttentionGrad = 'CausalAttentionGrad';
export interface CausalAttentionGradInputs extends CausalAttentionInputs {
  out: TensorInfo;
  logSumExp: TensorInfo;
  dy: TensorInfo;
}

/**
 * `CausalAttention` without dropout of the last query of each sequence alone, for inference: q `[B, H, A]`. Output
 * `[B, H, C]`, zeros for an empty sequence. No gradient.
 */
export const CausalAttentionLast = 'CausalAttentionLast';
export interface CausalAttentionLastAttrs {
  readonly scale: number;
}
