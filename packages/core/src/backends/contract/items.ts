import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';

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
 * Scores of items of each query's own: `scores_pr = q_p . items[ids_pr]`. Shapes: queries `[P, D]`, items `[I, D]`, ids
 * int32 `[P, R]`. Output `[P, R]`. Nothing of size `[P, R, D]` may outlive a block of it.
 */
export const SampledScores = 'SampledScores';
export interface SampledScoresInputs extends NamedTensorInfoMap {
  queries: TensorInfo;
  items: TensorInfo;
  ids: TensorInfo;
}
/** Outputs `[dQueries [P, D], dItems [I, D]]`; `dScores` has shape `[P, R]`. */
export const SampledScoresGrad = 'SampledScoresGrad';
export interface SampledScoresGradInputs extends SampledScoresInputs {
  dScores: TensorInfo;
}

/**
 * Where the score of each query's target stands among all candidates. Row `b`:
 * `[higher, equal before, equal after, undefined]`, the numbers of candidates other than the target with a higher
 * score, with the same score and a lower or higher id, and with a NaN; a target whose score is not finite counts as
 * undefined too. Candidates of query `b` are the rows `firstItem .. last[b]` of the table without its excluded ids;
 * the target is no candidate of its own and may be among the excluded. Scores are dot products, the target's in the
 * arithmetic of all others, so that equal rows tie.
 * Shapes: queries `[B, D]`, items `[I, D]`, targets int32 `[B]`, excludedOffsets int32 `[B + 1]`, excludedIds int32
 * `[S]` (any order, repeats allowed), last int32 `[B]` or `[0]` (then `I - 1`). Output int32 `[B, 4]`. No gradient.
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
 * `RankCounts`. Outputs `[scores float32 [B, k], ids int32 [B, k], undefined int32 [B]]`: places that no candidate
 * fills have `-Infinity` and id -1; a candidate with a score of `-Infinity` fills none. `undefined` is the number of
 * candidates with a NaN. No gradient.
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
 * `m = b1 m + (1-b1) g`, `v = b2 v + (1-b2) mean(g^2)`,
 * `w = w - decay w - rates_u m / (sqrt(v) corrections_u + epsilon)`.
 * Shapes: param `[I, D]`, ids int32 `[U]` strictly increasing, m and grad `[U, D]`, v, rates and corrections `[U]`;
 * with `whole`, m is `[I, D]` and v `[I]`, and their rows are `ids_u` as those of param.
 * The bias corrections depend on how often a row was touched: `rates = lr / (1 - b1^n)`,
 * `corrections = 1 / sqrt(1 - b2^n)`. Outputs `[param, m, v]`; a backend may write them in place and
 * return the inputs' data.
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
 * Replaces rows `at .. at + n - 1` of `x` `[I, D]` by `rows` `[n, D]`, or rows `at[0] .. at[n - 1]`, all different. A
 * backend may write in place and return the input's data.
 */
export const AssignRows = 'AssignRows';
export interface AssignRowsInputs extends NamedTensorInfoMap {
  x: TensorInfo;
  rows: TensorInfo;
}
export interface AssignRowsAttrs {
  readonly at: number | Int32Array;
}

/**
 * `log sum_n exp(q_p . c_n + bias_n + mask[groups_p, n])` of each query over all items, finite scores. Shapes: queries
 * `[P, D]`, items `[N, D]` with `N >= 1`, bias `[N]` or `[0]`, mask `[G, N]` or `[0]`, groups int32 `[P]` or `[0]`.
 * Outputs `[logSumExp [P]]`. Nothing of size `[P, N]` may outlive a block of it.
 */
export const LogSumExpScores = 'LogSumExpScores';
export interface LogSumExpScoresInputs extends NamedTensorInfoMap {
  queries: TensorInfo;
  items: TensorInfo;
  bias: TensorInfo;
  mask: TensorInfo;
  groups: TensorInfo;
}
/** Outputs `[dQueries [P, D], dItems [N, D]]`; `dSums` has shape `[P]`. Bias and mask have no gradient. */
export const LogSumExpScoresGrad = 'LogSumExpScoresGrad';
export interface LogSumExpScoresGradInputs extends LogSumExpScoresInputs {
  logSumExp: TensorInfo;
  dSums: TensorInfo;
}
