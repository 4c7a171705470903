export { type AdagradConstants, adagradStep, rowwiseAdagradStep } from './adagrad.ts';
export { type AdamWConstants, adamWStep } from './adamw.ts';
export { type AttentionMask, sees } from './attention-mask.ts';
export {
  type CausalAttentionInput,
  type CausalAttentionOutput,
  causalAttention,
  causalAttentionGrad,
} from './causal-attention.ts';
export { dropout } from './dropout.ts';
export { type EmbedTokensInput, embedTokens, embedTokensGrad } from './embed-tokens.ts';
export { embedding, embeddingGrad } from './embedding.ts';
export { embeddingBag } from './embedding-bag.ts';
export { type GatedNormInput, gatedNorm, gatedNormGrad } from './gated-norm.ts';
export { type GatedNormLinearInput, gatedNormLinear, gatedNormLinearGrad } from './gated-norm-linear.ts';
export { type GatedRecurrenceInput, gatedRecurrence, gatedRecurrenceGrad } from './gated-recurrence.ts';
export {
  type HstuAttentionGradients,
  type HstuAttentionInput,
  hstuAttention,
  hstuAttentionGrad,
} from './hstu-attention.ts';
export { l2Normalize, l2NormalizeGrad } from './l2-normalize.ts';
export { layerNorm, layerNormGrad } from './layer-norm.ts';
export { linear, linearGrad } from './linear.ts';
export { type LinearLayerInput, linearLayer, linearLayerGrad, linearLayerRows } from './linear-layer.ts';
export { type LogSumExpScoresInput, logSumExpScores, logSumExpScoresGrad } from './log-sum-exp-scores.ts';
export { type Matrix, type MuonConstants, muonStep, newtonSchulz } from './muon.ts';
export { type NormSiluSplitInput, normSiluSplit, normSiluSplitGrad } from './norm-silu-split.ts';
export { attentionKeep, dropoutKeep, philox4x32, type Stream, streamWords, uniformIntegers } from './philox.ts';
export { type RankingInput, rankCounts, topItems } from './ranking.ts';
export { rmsNorm, rmsNormGrad } from './rms-norm.ts';
export { type RowState, rowwiseAdamWStep } from './rowwise-adamw.ts';
export { type SampledScoresInput, sampledScores, sampledScoresGrad } from './sampled-scores.ts';
export {
  type SampledSoftmaxInput,
  sampledSoftmax,
  sampledSoftmaxGrad,
} from './sampled-softmax.ts';
export { silu, siluGrad } from './silu.ts';
export { siluSplit, siluSplitGrad } from './silu-split.ts';
