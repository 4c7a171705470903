// tfjs-core has no gradients of its own: importing tfjs-layers registers them.
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { composedBackends, registerComposed } from './backends/composed/register.ts';
import { quietCpu } from './backends/quiet-cpu.ts';

quietCpu();
for (const backendName of composedBackends) registerComposed(backendName);

export { knownHostValues, rememberHostValues } from './backends/composed/host.ts';
export { composedBackends, registerComposed } from './backends/composed/register.ts';
export {
  explainKernels,
  formatKernelTable,
  fusedKernelNames,
  type KernelRow,
  type KernelSource,
  stockKernelNames,
} from './backends/explain.ts';
export {
  type BackendChoice,
  type BackendName,
  type BackendOptions,
  backendNames,
  type ModuleLoader,
  useBackend,
} from './backends/select.ts';
export { finishKernels, finishPrograms, type ProgramTimers, startProgramTimers } from './backends/timers.ts';
export { treeSum } from './collectives/tree-sum.ts';
export {
  BackendError,
  DeviceLostError,
  DTypeError,
  NumericError,
  OutOfMemoryError,
  SeqrecError,
  ShaderError,
  ShapeError,
  TableError,
  UnsupportedError,
} from './errors.ts';
export { fromPadded, type PadOptions, segmentMean, segmentSum, toPadded } from './jagged/convert.ts';
export { Jagged, lengthsOf, offsetsOf, positionIds, segmentIds } from './jagged/jagged.ts';
export { assignRows } from './ops/assign-rows.ts';
export type { AttentionMask } from './ops/attention-mask.ts';
export type { AttentionQueries } from './ops/attention-queries.ts';
export type { CandidateOptions } from './ops/candidates.ts';
export { type CausalAttentionOptions, causalAttention } from './ops/causal-attention.ts';
export { type DropoutOptions, dropout } from './ops/dropout.ts';
export { type EmbedTokensOptions, embedTokens, type TokenPlaces } from './ops/embed-tokens.ts';
export { embedding } from './ops/embedding.ts';
export { embeddingBag } from './ops/embedding-bag.ts';
export {
  type ExactPlaces,
  type ExactRanksOptions,
  exactPlaces,
  exactRanks,
  type RankCountsOptions,
  type RankTies,
  rankCounts,
  rankOf,
} from './ops/exact-ranks.ts';
export { type GatedNormOptions, gatedNorm } from './ops/gated-norm.ts';
export { type GatedNormLinearOptions, gatedNormLinear } from './ops/gated-norm-linear.ts';
export { gatedRecurrence, type RecurrentWeights } from './ops/gated-recurrence.ts';
export {
  type HstuAttentionOptions,
  hstuAttention,
  type RelativeBias,
  type TimeBias,
} from './ops/hstu-attention.ts';
export { l2Normalize } from './ops/l2-normalize.ts';
export { layerNorm, type NormOptions } from './ops/layer-norm.ts';
export { linear } from './ops/linear.ts';
export {
  type AndSkip,
  type LinearLayerOptions,
  type LinearMap,
  linearBlocks,
  linearBlocksAndSkip,
  linearLayer,
  linearLayerAndSkip,
} from './ops/linear-layer.ts';
export {
  type LogSumExpScoresOptions,
  logSumExpScores,
  MASKED_SCORE,
  type ScoreMask,
} from './ops/log-sum-exp-scores.ts';
export { type NormSiluSplitResult, normSiluSplit } from './ops/norm-silu-split.ts';
export { checkOffsets, type Offsets } from './ops/offsets.ts';
export { rmsNorm } from './ops/rms-norm.ts';
export { sampledScores } from './ops/sampled-scores.ts';
export { type SampledSoftmaxOptions, sampledSoftmaxLoss } from './ops/sampled-softmax-loss.ts';
export { silu } from './ops/silu.ts';
export { siluSplit } from './ops/silu-split.ts';
export { DEFAULT_BUCKET_DIVISOR, timeBucket } from './ops/time-bucket.ts';
export { type TopItemsOptions, type TopItemsResult, topItems, topItemTensors } from './ops/top-items.ts';
export { type UniformIntegersOptions, uniformIntegers } from './ops/uniform-integers.ts';
export { Adagrad } from './optim/adagrad.ts';
export type { AdagradOptions } from './optim/adagrad-options.ts';
export { AdamW, type DenseAdamWOptions, type Moments } from './optim/adamw.ts';
export type { AdamWOptions } from './optim/adamw-options.ts';
export { type ClippedGradients, clipByGlobalNorm, clipByNorm } from './optim/clip.ts';
export type { DenseOptimizer, Slots } from './optim/dense-optimizer.ts';
export { type MatrixBlocks, Muon, type MuonOptions } from './optim/muon.ts';
export { type NewtonSchulzOptions, newtonSchulz } from './optim/newton-schulz.ts';
export { type PlateauOptions, type PlateauState, plateauNext, plateauStart } from './optim/plateau.ts';
export { type RowSet, rowSet } from './optim/row-set.ts';
export { RowwiseAdagrad, type RowwiseSums } from './optim/rowwise-adagrad.ts';
export { RowwiseAdagradColumns } from './optim/rowwise-adagrad-columns.ts';
export { RowwiseAdamW, type RowwiseAdamWOptions } from './optim/rowwise-adamw.ts';
export { RowwiseAdamWColumns } from './optim/rowwise-adamw-columns.ts';
export type { RowwiseMoments } from './optim/rowwise-moments.ts';
export { type Schedule, type ScheduleCourse, type ScheduleOptions, schedule } from './optim/schedules.ts';
export type { TableColumns } from './optim/table-columns.ts';
export { WeightAverage, type WeightAverageOptions } from './optim/weight-average.ts';
export {
  dropoutThreshold,
  fnv1a32,
  integers,
  multiplyHigh,
  normals,
  philox4x32,
  type RandomKey,
  type RandomStream,
  randomWords,
  shuffle,
  streamKey,
  truncatedNormals,
  uniform01,
} from './random/streams.ts';
export { assertDType, assertShape, assertShapes, type Dims, describe, type Expected } from './shapes.ts';
export { type InitialRows, initialRowsOf } from './tables/initial-rows.ts';
export { memoryRows } from './tables/memory-rows.ts';
export { DEFAULT_MEMORY, RowCache } from './tables/row-cache.ts';
export type { RowLayout, RowStore, RowStoreStats } from './tables/row-store.ts';
export { StoredRowwiseAdagrad } from './tables/stored-adagrad.ts';
export { StoredRowwiseAdamW } from './tables/stored-adamw.ts';
