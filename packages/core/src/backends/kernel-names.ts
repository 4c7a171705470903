import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';

/**
 * The contract of every fused kernel: name, inputs, attributes, outputs.
 *
 * A kernel is a TensorFlow.js kernel `(name, backend) -> function`; an op in `ops/` validates and runs it, the gradient
 * is registered once per name and runs the `...Grad` kernel. Letters: `B` sequences, `T` packed tokens (sum of lengths),
 * `H` heads, `A` query/key width, `C` value width, `D` model width, `R` negatives, `I` rows of the item table.
 * An optional input that is absent is an empty tensor of shape `[0]`, never `undefined`.
 */

/** Fields of a counter-based random stream; each an unsigned 32-bit integer. */
export interface StreamAttrs {
  readonly k0: number;
  readonly k1: number;
  readonly step: number;
}

/** `y = x * sigmoid(x)`; any shape. Grad: `dx = dy * s * (1 + x * (1 - s))`, `s = sigmoid(x)`. */
export const Silu = 'Silu';
export interface SiluInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export const SiluGrad = 'SiluGrad';
export interface SiluGradInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  dy: TensorInfo;
}

/**
 * Splits columns and applies SiLU: `y_i = silu(z[:, block i])`. `z` is `[T, E]`, the blocks have the widths `sizes`
 * (their sum is E), output `i` is `[T, sizes[i]]`. The first step of an HSTU layer, in one pass over `z`.
 */
export const SiluSplit = 'SiluSplit';
export interface SiluSplitInputs extends NamedTensorInfoMap {
  z: TensorInfo;
}
export interface SiluSplitAttrs {
  readonly sizes: readonly number[];
}
/** Inputs `z` and `dy0`, `dy1`, ... (one an output); output `dz [T, E]`. */
export const SiluSplitGrad = 'SiluSplitGrad';

/**
 * The whole way into an HSTU layer: `y_i = silu(layerNorm(x) w)[:, block i]`, `x [T, D]`, `w [D, E]`, norm without affine
 * part, blocks of the widths `sizes`. Outputs `y_0, y_1, ...` and last `x` itself, for the residual sum.
 */
export const NormSiluSplit = 'NormSiluSplit';
export interface NormSiluSplitInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  w: TensorInfo;
}
export interface NormSiluSplitAttrs extends NormAttrs {
  readonly sizes: readonly number[];
}
/**
 * Inputs `x`, `w`, the output `y0`, and `dy0`, `dy1`, ... (one an output, that of the passed-on `x` last); outputs
 * `[dx, dw]`, where `dx` includes the gradient of the passed-on `x`.
 */
export const NormSiluSplitGrad = 'NormSiluSplitGrad';

/**
 * The last step of an HSTU layer before its linear map: `y = dropout(u * layerNorm(x))`, all of shape `[.., D]`, the norm
 * over the last axis without affine part. The mask is that of `Dropout` on `y`; rate 0 leaves it out.
 */
export const GatedNorm = 'GatedNorm';
export interface GatedNormInputs extends NamedTensorInfoMap {
  u: TensorInfo;
  x: TensorInfo;
}
export interface GatedNormAttrs extends DropoutAttrs {
  readonly epsilon: number;
}
/** Outputs `[du, dx]`. */
export const GatedNormGrad = 'GatedNormGrad';
export interface GatedNormGradInputs extends GatedNormInputs {
  dy: TensorInfo;
}

/**
 * The whole way out of an HSTU layer: `out = dropout(u * layerNorm(x)) w^T + b + residual`, u and x `[T, C]`, w `[D, C]`,
 * b `[D]`, residual and out `[T, D]`. The mask is that of {@link GatedNorm}.
 */
export const GatedNormLinear = 'GatedNormLinear';
export interface GatedNormLinearInputs extends GatedNormInputs {
  w: TensorInfo;
  b: TensorInfo;
  residual: TensorInfo;
}
/** `y` is what the forward pass returned. Outputs `[du, dx, dw, db]`; the gradient of the residual is dy itself. */
export const GatedNormLinearGrad = 'GatedNormLinearGrad';
export interface GatedNormLinearGradInputs extends GatedNormGradInputs {
  w: TensorInfo;
  y: TensorInfo;
}

/**
 * A linear map and what follows it, `y = dropout(act(x w^T + b)) + residual`: `x [T, D]`, `w [E, D]`, `b [E]` or empty, `residual
 * [T, E]` or empty, empty where there is an activation. The mask is that of `Dropout` on `y`; rate 0 leaves it out. Outputs: `y` by
 * its columns in blocks of the widths `sizes` (their sum is E); more than one only of a map that nothing follows.
 */
export const LinearLayer = 'LinearLayer';
export interface LinearLayerInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  w: TensorInfo;
  b: TensorInfo;
  residual: TensorInfo;
}
/** `gelu` is the tanh form, `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`. */
export type LinearActivation = 'none' | 'relu' | 'gelu';
export interface LinearLayerAttrs extends DropoutAttrs {
  readonly activation: LinearActivation;
  readonly sizes: readonly number[];
}
/**
 * Inputs `x`, `w`, `b`, the first output `y` (`b` and `y` are read where there is an activation) and `dy0`, `dy1`, ... (one an output); outputs
 * `[dx, dw, db]`. The gradient of the residual is dy itself.
 */
export const LinearLayerGrad = 'LinearLayerGrad';

/** `y = (x - mean) / sqrt(var + epsilon)` over the last axis, biased variance, no affine part. */
export const LayerNorm = 'LayerNorm';
export interface LayerNormInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export interface NormAttrs {
  readonly epsilon: number;
}
export const LayerNormGrad = 'LayerNormGrad';
export interface LayerNormGradInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  dy: TensorInfo;
}

/** `y = x / max(||x||_2, epsilon)` over the last axis. */
export const L2Normalize = 'L2Normalize';
export interface L2NormalizeInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export const L2NormalizeGrad = 'L2NormalizeGrad';
export interface L2NormalizeGradInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  dy: TensorInfo;
}

/**
 * `y = x * mask / (1 - rate)`. Element `i` (row-major) is kept when word `i & 3` of
 * `philox4x32-10(counter = [i >>> 2, 0, step, 0], key = [k0, k1])` is at least `floor(rate * 2^32)`.
 */
export const Dropout = 'Dropout';
export interface DropoutInputs extends NamedTensorInfoMap {
  x: TensorInfo;
}
export interface DropoutAttrs extends StreamAttrs {
  readonly rate: number;
}
/** `Dropout` of `dy` with the mask of the call that returned `y`. */
export const DropoutGrad = 'DropoutGrad';
export interface DropoutGradInputs extends NamedTensorInfoMap {
  y: TensorInfo;
  dy: TensorInfo;
}

/**
 * int32 `[count]`: element `i` is `low + floor(u * bound / 2^32)`, `u` word `i & 3` of
 * `philox4x32-10([i >>> 2, 0, step, 0], [k0, k1])`. No gradient.
 */
export const UniformIntegers = 'UniformIntegers';
export interface UniformIntegersAttrs extends StreamAttrs {
  readonly count: number;
  readonly low: number;
  readonly bound: number;
}

/**
 * Pointwise-SiLU attention over jagged causal sequences with relative attention bias (Zhai et al. 2024, eq. 2).
 * `S = scale * q k^T + position[(j - i) + (n - 1)] + time[bucket(queryTimes_i - keyTimes_j)]`,
 * `out = sum_{j <= i} silu(S) / normalizer * v_j`; `n = (length of positionWeights + 1) / 2`.
 * `bucket(x) = clamp(trunc(ln(max(|x|, 1)) / bucketDivisor), 0, length of timeWeights - 1)`, in float32.
 * Shapes: q, k `[T, H, A]`; v `[T, H, C]`; offsets int32 `[B + 1]`; positionWeights `[2n - 1]` or `[0]`;
 * timeWeights `[K + 1]` or `[0]`; queryTimes, keyTimes int32 `[T]`, or `[0]` when timeWeights is `[0]`. Output `[T, H, C]`.
 * visible int32 `[T, 2]` or `[0]` (causal): query `i` sees keys `lo .. hi - 1` of its sequence, keys below
 * `min(globalKeys, hi)`, and itself.
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
 * `HstuAttention` of the last query of each sequence alone, for inference: q `[B, H, A]` and queryTimes `[B]` or `[0]` belong to
 * the last tokens, the other inputs and the attributes are those of `HstuAttention`. Output `[B, H, C]`, zeros for an
 * empty sequence. No gradient.
 */
export const HstuAttentionLast = 'HstuAttentionLast';

/**
 * Gated recurrent unit over time-major rows: step `s` is the next `sizes[s]` rows (positive, never rising), its row `i`
 * continues row `i` of the step before. `a = h W^T + b`, `r = sigmoid(x_r + a_r)`, `z = sigmoid(x_z + a_z)`,
 * `n = tanh(x_n + r a_n)`, `h' = (1 - z) n + z h`, `h = 0` before the first step. Shapes: x `[T, 3E]`, weight `[3E, E]`, bias `[3E]`,
 * gates in the order r, z, n. Outputs `[states [T, E], gates [T, 4E]]`, the second being `r, z, n, a_n` for the backward pass.
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
 * the sequence) when word `j & 3` of `philox4x32-10([j >>> 2, t * H + h, step, 1], [k0, k1])` >= `floor(rate * 2^32)`.
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

/**
 * Sampled softmax over item ids. For token `t`: `z_0 = q_t . items[positives_t] / temperature - logQ[positives_t]`,
 * `z_r = q_t . items[negatives_tr] / temperature - logQ[negatives_tr]`, a negative equal to the positive gets `-5e4`;
 * `loss_t = logsumexp(z) - z_0`. Shapes: queries `[T, D]`, items `[I, D]`, positives int32 `[T]`,
 * negatives int32 `[T, R]`, logQ `[I]` or `[0]`. Outputs `[loss [T], logSumExp [T]]`.
 */
export const SampledSoftmax = 'SampledSoftmax';
export interface SampledSoftmaxInputs extends NamedTensorInfoMap {
  queries: TensorInfo;
  items: TensorInfo;
  positives: TensorInfo;
  negatives: TensorInfo;
  logQ: TensorInfo;
}
export interface SampledSoftmaxAttrs {
  readonly temperature: number;
}
/** Outputs `[dQueries [T, D], dItems [I, D]]`; `dLoss` has shape `[T]`. */
export const SampledSoftmaxGrad = 'SampledSoftmaxGrad';
export interface SampledSoftmaxGradInputs extends SampledSoftmaxInputs {
  logSumExp: TensorInfo;
  dLoss: TensorInfo;
}

/**
 * Where the score of each query's target stands among all candidates. Row `b`: `[higher, equal before, equal after, undefined]`, the
 * numbers of candidates other than the target with a higher score, with the same score and a lower or higher id, and
 * with a NaN; a target whose score is not finite counts as undefined too. Candidates of query `b` are the rows
 * `firstItem .. last[b]` of the table without its excluded ids; the target is no candidate of its own and may be among
 * the excluded. Scores are dot products, the target's in the arithmetic of all others, so that equal rows tie.
 * Shapes: queries `[B, D]`, items `[I, D]`, targets int32 `[B]`, excludedOffsets int32 `[B + 1]`, excludedIds int32 `[S]`
 * (any order, repeats allowed), last int32 `[B]` or `[0]` (then `I - 1`). Output int32 `[B, 4]`. No gradient.
 */
export const RankCounts = 'RankCounts';
export interface RankCountsInputs extends NamedTensorInfoMap {
  queries: TensorInfo;
  items: TensorInfo;
  targets: TensorInfo;
  excludedOffsets: TensorInfo;
  excludedIds: TensorInfo;
  last: TensorInfo;
}
export interface CandidateAttrs {
  readonly firstItem: number;
}

/**
 * The `k` best candidates of each query, best first, among equal scores the lower id first; candidates and shapes as in
 * `RankCounts`. Outputs `[scores float32 [B, k], ids int32 [B, k], undefined int32 [B]]`: places that no candidate fills have
 * `-Infinity` and id -1; a candidate with a score of `-Infinity` fills none. `undefined` is the number of candidates with a NaN. No
 * gradient.
 */
export const TopItems = 'TopItems';
export interface TopItemsInputs extends NamedTensorInfoMap {
  queries: TensorInfo;
  items: TensorInfo;
  excludedOffsets: TensorInfo;
  excludedIds: TensorInfo;
  last: TensorInfo;
}
export interface TopItemsAttrs extends CandidateAttrs {
  readonly k: number;
}

/**
 * One AdamW step, `step` counted from 1: `m = b1 m + (1-b1) g`, `v = b2 v + (1-b2) g^2`,
 * `param = param (1 - lr wd) - lr (m / (1-b1^step)) / (sqrt(v / (1-b2^step)) + epsilon)` (as torch.optim.AdamW).
 * Outputs `[param, m, v]`; a backend may write them in place and return the inputs' data.
 */
export const AdamWStep = 'AdamWStep';
export interface AdamWStepInputs extends NamedTensorInfoMap {
  param: TensorInfo;
  m: TensorInfo;
  v: TensorInfo;
  grad: TensorInfo;
}
export interface AdamWStepAttrs {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly step: number;
}

/**
 * One step of row-wise AdamW on some rows of a table: with `w = param[ids_u]` and row `u` of the other inputs,
 * `m = b1 m + (1-b1) g`, `v = b2 v + (1-b2) mean(g^2)`, `w = w - decay w - rates_u m / (sqrt(v) corrections_u + epsilon)`.
 * Shapes: param `[I, D]`, ids int32 `[U]` strictly increasing, m and grad `[U, D]`, v, rates and corrections `[U]`; with
 * `whole`, m is `[I, D]` and v `[I]`, and their rows are `ids_u` as those of param.
 * The bias corrections depend on how often a row was touched: `rates = lr / (1 - b1^n)`, `corrections = 1 / sqrt(1 - b2^n)`.
 * Outputs `[param, m, v]`; a backend may write them in place and return the inputs' data.
 */
export const RowwiseAdamWStep = 'RowwiseAdamWStep';
export interface RowwiseAdamWStepInputs extends NamedTensorInfoMap {
  param: TensorInfo;
  ids: TensorInfo;
  m: TensorInfo;
  v: TensorInfo;
  grad: TensorInfo;
  rates: TensorInfo;
  corrections: TensorInfo;
}
export interface RowwiseAdamWStepAttrs {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** `lr * weightDecay`. */
  readonly decay: number;
  /** Whether m and v are of all rows, not of those in `ids`. */
  readonly whole: boolean;
}

/**
 * Replaces rows `begin .. begin + n - 1` of `x` `[I, D]` by `rows` `[n, D]`. A backend may write in place and return the
 * input's data.
 */
export const AssignRows = 'AssignRows';
export interface AssignRowsInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  rows: TensorInfo;
}
export interface AssignRowsAttrs {
  readonly begin: number;
}
