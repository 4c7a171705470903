import * as ADAMW from './slots/adamw.ts';
import * as ATTENTION from './slots/attention.ts';
import * as ATTENTION_GRADIENT from './slots/attention-gradient.ts';
import * as ATTENTION_QUERIES from './slots/attention-queries.ts';
import * as BATCH_NORM from './slots/batch-norm.ts';
import * as BIAS_GRADIENT from './slots/bias-gradient.ts';
import * as BINARY from './slots/binary.ts';
import * as BINARY_ROWS from './slots/binary-rows.ts';
import * as CAUSAL_ATTENTION from './slots/causal-attention.ts';
import * as CLIP from './slots/clip.ts';
import * as COPY_BYTES from './slots/copy-bytes.ts';
import * as COPY_ROWS from './slots/copy-rows.ts';
import * as COUNT_SEGMENTS from './slots/count-segments.ts';
import * as DISTANCE_TABLE from './slots/distance-table.ts';
import * as DROPOUT from './slots/dropout.ts';
import * as EMBED_TOKENS from './slots/embed-tokens.ts';
import * as FILL from './slots/fill.ts';
import * as GATED_NORM from './slots/gated-norm.ts';
import * as GATED_NORM_GRAD from './slots/gated-norm-grad.ts';
import * as GATED_NORM_LINEAR from './slots/gated-norm-linear.ts';
import * as GATED_NORM_LINEAR_GRAD from './slots/gated-norm-linear-grad.ts';
import * as GATHER from './slots/gather.ts';
import * as GEMM from './slots/gemm.ts';
import * as HSTU_ATTENTION from './slots/hstu-attention.ts';
import type * as KERNEL from './slots/kernel-numbers.ts';
import * as LINEAR_LAYER from './slots/linear-layer.ts';
import * as LINEAR_LAYER_GRAD from './slots/linear-layer-grad.ts';
import * as LOGICAL from './slots/logical.ts';
import * as MERGE_TOP_ITEMS from './slots/merge-top-items.ts';
import * as NORM from './slots/norm.ts';
import * as NORM_GRAD from './slots/norm-grad.ts';
import * as NORM_SILU_SPLIT from './slots/norm-silu-split.ts';
import * as NORM_SILU_SPLIT_GRAD from './slots/norm-silu-split-grad.ts';
import * as PACK_B from './slots/pack-b.ts';
import * as PAD_ROWS from './slots/pad-rows.ts';
import * as PLACE_SEGMENTS from './slots/place-segments.ts';
import * as PREPARE_RANKING from './slots/prepare-ranking.ts';
import * as QUERY_GRADIENT from './slots/query-gradient.ts';
import * as RANKING from './slots/ranking.ts';
import * as RECURRENCE from './slots/recurrence.ts';
import * as RECURRENCE_GRAD from './slots/recurrence-grad.ts';
import * as REDUCE_FIRST from './slots/reduce-first.ts';
import * as ROW_OP from './slots/row-op.ts';
import * as ROWWISE_ADAMW from './slots/rowwise-adamw.ts';
import * as SAMPLED_SCORES from './slots/sampled-scores.ts';
import * as SAMPLED_SCORES_FORWARD from './slots/sampled-scores-forward.ts';
import * as SAMPLED_SCORES_GRADIENT from './slots/sampled-scores-gradient.ts';
import * as SAMPLED_SOFTMAX from './slots/sampled-softmax.ts';
import * as SAMPLED_SOFTMAX_GRADIENT from './slots/sampled-softmax-gradient.ts';
import * as SAMPLED_SOFTMAX_LOSS from './slots/sampled-softmax-loss.ts';
import * as SAMPLED_SOFTMAX_TABLES from './slots/sampled-softmax-tables.ts';
import * as SCATTER_SEGMENTS from './slots/scatter-segments.ts';
import * as SCORE_SUMS from './slots/score-sums.ts';
import * as SCORE_SUMS_FORWARD from './slots/score-sums-forward.ts';
import * as SCORE_SUMS_GRADIENT from './slots/score-sums-gradient.ts';
import * as SELECT from './slots/select.ts';
import * as SILU_SPLIT from './slots/silu-split.ts';
import * as STRIDED_COPY from './slots/strided-copy.ts';
import * as SUM_GROUPS from './slots/sum-groups.ts';
import * as SUM_PARTS from './slots/sum-parts.ts';
import * as SUM_SEGMENTS from './slots/sum-segments.ts';
import * as TIME_BUCKETS from './slots/time-buckets.ts';
import * as TO_FLOAT from './slots/to-float.ts';
import * as TOP_ITEMS from './slots/top-items.ts';
import * as UNARY from './slots/unary.ts';
import * as UNIFORM_INTEGERS from './slots/uniform-integers.ts';

/** Slots of an argument block, by name. */
export type Slots = Readonly<Record<string, number>>;

/** What each kernel reads of its argument block. */
export const LAYOUTS = {
  packB: PACK_B,
  gemm: GEMM,
  unary: UNARY,
  binaryFlat: BINARY,
  binaryRows: BINARY_ROWS,
  reduceLast: ROW_OP,
  reduceFirst: REDUCE_FIRST,
  layerNorm: NORM,
  layerNormGrad: NORM_GRAD,
  l2Normalize: NORM,
  l2NormalizeGrad: NORM_GRAD,
  dropout: DROPOUT,
  uniformIntegers: UNIFORM_INTEGERS,
  adamw: ADAMW,
  copyRows: COPY_ROWS,
  gather: GATHER,
  countSegments: COUNT_SEGMENTS,
  placeSegments: PLACE_SEGMENTS,
  scatterSegments: SCATTER_SEGMENTS,
  sumSegments: SUM_SEGMENTS,
  fill: FILL,
  hstuForward: { ...ATTENTION, ...ATTENTION_QUERIES, ...HSTU_ATTENTION, ...TIME_BUCKETS },
  hstuBackward: { ...ATTENTION, ...HSTU_ATTENTION, ...TIME_BUCKETS, ...ATTENTION_GRADIENT, ...BIAS_GRADIENT },
  softmaxForward: { ...ATTENTION, ...ATTENTION_QUERIES, ...CAUSAL_ATTENTION },
  softmaxBackward: { ...ATTENTION, ...CAUSAL_ATTENTION, ...ATTENTION_GRADIENT },
  sampledSoftmax: { ...SAMPLED_SOFTMAX, ...SAMPLED_SOFTMAX_LOSS },
  sampledSoftmaxGrad: { ...SAMPLED_SOFTMAX, ...SAMPLED_SOFTMAX_GRADIENT },
  stridedCopy: STRIDED_COPY,
  softmaxRows: ROW_OP,
  padRows: PAD_ROWS,
  bucketRows: { UNITS: ATTENTION.UNITS, ...TIME_BUCKETS },
  siluSplit: SILU_SPLIT,
  siluSplitGrad: SILU_SPLIT,
  gatedNorm: GATED_NORM,
  gatedNormGrad: GATED_NORM_GRAD,
  rowwiseAdamw: ROWWISE_ADAMW,
  prepareRanking: PREPARE_RANKING,
  rankCounts: RANKING,
  topItems: { ...RANKING, ...TOP_ITEMS },
  mergeTopItems: MERGE_TOP_ITEMS,
  sampledSoftmaxItems: { ...SAMPLED_SOFTMAX, ...SAMPLED_SOFTMAX_TABLES },
  sumParts: SUM_PARTS,
  logical: LOGICAL,
  select: SELECT,
  clip: CLIP,
  toFloat: TO_FLOAT,
  batchNorm: BATCH_NORM,
  compare: BINARY,
  normSiluSplit: NORM_SILU_SPLIT,
  normSiluSplitGrad: NORM_SILU_SPLIT_GRAD,
  attentionQueryGrad: QUERY_GRADIENT,
  recurrentForward: RECURRENCE,
  recurrentBackward: RECURRENCE_GRAD,
  gatedNormLinear: GATED_NORM_LINEAR,
  gatedNormLinearGrad: GATED_NORM_LINEAR_GRAD,
  linearLayer: LINEAR_LAYER,
  linearLayerGrad: LINEAR_LAYER_GRAD,
  keptDropout: DROPOUT,
  embedTokens: EMBED_TOKENS,
  copyBytes: COPY_BYTES,
  distanceTable: DISTANCE_TABLE,
  sumGroups: SUM_GROUPS,
  rmsNorm: NORM,
  rmsNormGrad: NORM_GRAD,
  scoreSums: { ...SCORE_SUMS, ...SCORE_SUMS_FORWARD },
  scoreSumsGrad: { ...SCORE_SUMS, ...SCORE_SUMS_GRADIENT },
  sampledScores: { ...SAMPLED_SCORES, ...SAMPLED_SCORES_FORWARD },
  sampledScoresGrad: { ...SAMPLED_SCORES, ...SAMPLED_SCORES_GRADIENT },
} satisfies Record<keyof typeof KERNEL, Slots>;
