// What runs in a browser, training included. `index.ts` adds checkpoint files, which need Node.

export type { BaselineDefinition, BaselineSettings, FitBaselineOptions } from './baselines/definition.ts';
export { type EaseOptions, easeBaseline, easeBytes } from './baselines/ease.ts';
export { type ItemKnnOptions, itemKnnBaseline } from './baselines/item-knn.ts';
export { lastItemBaseline } from './baselines/last-item.ts';
export { markovBaseline } from './baselines/markov.ts';
export { popularityBaseline } from './baselines/popularity.ts';
export { type RandomWalkOptions, randomWalkBaseline } from './baselines/random-walk.ts';
export { type RecentPopularityOptions, recentPopularityBaseline } from './baselines/recent-popularity.ts';
export { baselineOf, defineBaseline, isOwnBaseline, knownBaselines } from './baselines/registry.ts';
export { baselineSchemas } from './baselines/schemas.ts';
export { type EvaluateScorerOptions, evaluateScorer, type Scorer, type ScorerHistory } from './baselines/scorer.ts';
export { type ScorerListsOptions, scorerLists } from './baselines/scorer-lists.ts';
export { type SlimOptions, slimBaseline, slimBytes } from './baselines/slim.ts';
export { sequenceFields } from './config/encoder-fields.ts';
export { parseConfig } from './config/parse.ts';
export { schemaProblem } from './config/schema-problem.ts';
export type { Capability, ModelDefinition, ModelWidths } from './definition.ts';
export { createEncoder, type EncoderParts, type InputStage } from './encoder.ts';
export { FuxiAlphaBlock, type FuxiAlphaBlockArgs } from './encoders/fuxi-alpha/block.ts';
export {
  type FuxiAlphaConfig,
  type FuxiAlphaConfigInput,
  fuxiAlphaConfigSchema,
} from './encoders/fuxi-alpha/config.ts';
export { createFuxiAlpha } from './encoders/fuxi-alpha/stack.ts';
export { type Gru4recConfig, type Gru4recConfigInput, gru4recConfigSchema } from './encoders/gru4rec/config.ts';
export { GruLayer, type GruLayerArgs } from './encoders/gru4rec/layer.ts';
export { createGru4rec } from './encoders/gru4rec/stack.ts';
export { type HstuSwitches, hstuBlocks, withSwitches } from './encoders/hstu/blocks.ts';
export { type HstuConfig, type HstuConfigInput, hstuConfigSchema } from './encoders/hstu/config.ts';
export { HstuLayer, type HstuLayerArgs, type LayerSwitches } from './encoders/hstu/layer.ts';
export { createHstu } from './encoders/hstu/stack.ts';
export {
  type PinnerformerConfig,
  type PinnerformerConfigInput,
  pinnerformerConfigSchema,
} from './encoders/pinnerformer/config.ts';
export { createPinnerformer } from './encoders/pinnerformer/stack.ts';
export { SasrecBlock, type SasrecBlockArgs } from './encoders/sasrec/block.ts';
export { type SasrecConfig, type SasrecConfigInput, sasrecConfigSchema } from './encoders/sasrec/config.ts';
export { createSasrec } from './encoders/sasrec/stack.ts';
export { AffineLayerNorm, TransformerBlock, type TransformerBlockArgs } from './encoders/transformer/block.ts';
export { type TransformerSwitches, transformerSwitches } from './encoders/transformer/blocks.ts';
export {
  type TransformerConfig,
  type TransformerConfigInput,
  transformerConfigSchema,
} from './encoders/transformer/config.ts';
export { transformerBlocksFlops } from './encoders/transformer/flops.ts';
export { createTransformer } from './encoders/transformer/stack.ts';
export {
  type TransformerPlusPlusConfig,
  type TransformerPlusPlusConfigInput,
  transformerPlusPlusConfigSchema,
} from './encoders/transformer-plus-plus/config.ts';
export { createTransformerPlusPlus } from './encoders/transformer-plus-plus/stack.ts';
export {
  CheckpointError,
  ConfigError,
  DeltaError,
  type DeltaProblem,
  EvaluationError,
  GoldenError,
  ParameterError,
  TrainingError,
  type TrainingErrorDetails,
  UndefinedMetricError,
} from './errors.ts';
export { type ActionEvaluation, type EvaluateActionsOptions, evaluateActions } from './evaluate/actions.ts';
export { metricsAmong } from './evaluate/among.ts';
export { type CachedEvaluation, type EvaluateCachedOptions, evaluateCached } from './evaluate/cached.ts';
export { categoricalNormalizedEntropy } from './evaluate/class-entropy.ts';
export { evaluate } from './evaluate/evaluate.ts';
export type { EvaluateOptions } from './evaluate/evaluation-blocks.ts';
export { type EvaluateFutureOptions, evaluateFuture, type FutureEvaluation } from './evaluate/future.ts';
export { type Cadence, type FutureOptions, type FutureQuery, futureQueries } from './evaluate/future-queries.ts';
export { discountedGain, type Gain, hitGain, overTies, reciprocalGain } from './evaluate/gains.ts';
export { cutMRR, type EvaluateGeneratedOptions, evaluateGenerated } from './evaluate/generated.ts';
export { type GeneratedListsOptions, generatedLists } from './evaluate/generated-lists.ts';
export { evaluateItemNeighbours, type ItemNeighbours, type ItemNeighboursOptions } from './evaluate/item-neighbours.ts';
export { giniOfItems, interestEntropy, p90Coverage } from './evaluate/list-metrics.ts';
export {
  defineMetric,
  gainOf,
  knownGain,
  type MetricDefinition,
  metricNames,
  metricPatterns,
  metricsInWords,
} from './evaluate/metric-definitions.ts';
export { checkCutoffs, DEFAULT_KS, type Metrics, metricsFromRanks } from './evaluate/metrics.ts';
export { evaluateOverRanks } from './evaluate/over-ranks.ts';
export { evaluatePerplexity, type Perplexity, type PerplexityOptions } from './evaluate/perplexity.ts';
export type { Evaluation, Protocol } from './evaluate/protocol.ts';
export { askedAt, everyPosition, QUERY_TIME_IN_WORDS, type QueryTime } from './evaluate/query-time.ts';
export { type AreaOptions, type AreaTies, areaUnderCurve, areaUnderGroupWeights } from './evaluate/ranking/area.ts';
export {
  accuracy,
  type Binning,
  type BinOptions,
  calibrationRatio,
  expectedCalibrationError,
  type ReliabilityBin,
  reliabilityCurve,
} from './evaluate/ranking/calibration.ts';
export { type Calibrator, recalibrate } from './evaluate/ranking/calibrator.ts';
export { areaDifferenceInterval, areaInterval, type NormalInterval } from './evaluate/ranking/delong.ts';
export {
  type GroupedGainOptions,
  type GroupMean,
  groupedGain,
  groupedReciprocal,
  groupGains,
  type ReciprocalOptions,
} from './evaluate/ranking/group-order.ts';
export {
  type GroupAreas,
  type GroupedArea,
  type GroupedAreaOptions,
  type GroupWeight,
  groupAreas,
  groupedArea,
} from './evaluate/ranking/grouped-area.ts';
export type { Groups } from './evaluate/ranking/groups.ts';
export { fitIsotonic, type IsotonicCalibrator } from './evaluate/ranking/isotonic.ts';
export {
  calibrationFreeEntropy,
  type LogLossOptions,
  logLoss,
  type NormalizedEntropyOptions,
  normalizedEntropy,
  rowLosses,
} from './evaluate/ranking/log-loss.ts';
export type { RowMetrics } from './evaluate/ranking/measured.ts';
export { pairAgreement, type RegressionAreaOptions, regressionArea } from './evaluate/ranking/pair-order.ts';
export { fitPlatt, type PlattCalibrator, type PlattOptions } from './evaluate/ranking/platt.ts';
export { type RankingMetricsOptions, rankingMetrics } from './evaluate/ranking/ranking-metrics.ts';
export { type Recalibrated, type RecalibrationOptions, recalibratedEntropy } from './evaluate/ranking/recalibration.ts';
export { meanAbsoluteError, meanSquaredError, rootMeanSquaredError } from './evaluate/ranking/regression.ts';
export {
  type ClickInput,
  type ClickOptions,
  ClickRows,
  clickRows,
  type RowInput,
  ScoredRows,
  type ValueInput,
  valueRows,
} from './evaluate/ranking/rows.ts';
export { metricsBySegment, type SegmentMetrics, selectRows, withGroups } from './evaluate/ranking/segments.ts';
export { exactPlace, exactRank, type PlaceRequest, type RankRequest } from './evaluate/ranks.ts';
export {
  coverage,
  leftOut,
  popularityRatio,
  type RecommendedListsOptions,
  recommendedLists,
} from './evaluate/recommended-lists.ts';
export { type ExcludeSeen, excludeSeenInWords, seenEvents } from './evaluate/seen.ts';
export { evaluateShuffled, shuffledHistories } from './evaluate/shuffled-histories.ts';
export {
  collapsed,
  metricsUnder,
  type Place,
  rankUnder,
  TIES_IN_WORDS,
  type TiedRanks,
  type TieRule,
  tiesWithAll,
  tieWarning,
} from './evaluate/ties.ts';
export { type FeatureConfig, featureSchema } from './features/config.ts';
export {
  type FieldTables,
  type FieldTablesOptions,
  fieldTables,
  type IdTable,
  sumOfFields,
} from './features/field-tables.ts';
export { type Field, fieldsOf, readField } from './features/fields.ts';
export { fitFeatures } from './features/fit.ts';
export { fitFields } from './features/fit-fields.ts';
export type { FittedFeature, FittedFeatures, FittedUsers } from './features/fitted.ts';
export { type FeatureRows, featureFlops } from './features/flops.ts';
export { hashedRows, hashedSigns } from './features/hash-rows.ts';
export { type HistoryConfig, type HistoryConfigInput, historySchema } from './features/history-config.ts';
export {
  type EventOfHistory,
  type HistoryColumns,
  type HistoryFields,
  historyFieldsOf,
  TIME_OCTAVES,
} from './features/history-fields.ts';
export {
  type HistoryTables,
  type HistoryVectors,
  historyTables,
  type RowHistory,
} from './features/history-tables.ts';
export { type TableScheme, tableSchemeSchema } from './features/table-config.ts';
export type { TableSpec, TableStores } from './features/table-stores.ts';
export {
  addFlops,
  attentionFlops,
  type Flops,
  linearFlops,
  timesFlops,
  type Workload,
  workloadOf,
} from './flops/flops.ts';
export {
  type BeamOptions,
  type Beams,
  beamPrefixes,
  type CodeMask,
  codeMasks,
  constrainedBeams,
  type Generated,
  type GeneratedList,
  type PrefixOptions,
} from './generators/beams.ts';
export { type CodeBatch, codeBatch } from './generators/code-batch.ts';
export { type CodeDecoderOptions, codeDecoder } from './generators/code-decoder.ts';
export { codeShares, type Debias, debiasOf } from './generators/code-shares.ts';
export { type CodeSymbols, codeSymbols, codeTokens } from './generators/code-symbols.ts';
export { type DenseConfig, denseSchema, denseSizes } from './generators/dense/config.ts';
export {
  type DenseEncoder,
  type DenseHead,
  isDenseEncoder,
  setContent,
  withDenseHead,
} from './generators/dense/head.ts';
export { type DenseLoss, denseLoss } from './generators/dense/loss.ts';
export { type CandidateFinder, candidateFinder, type DenseDecoding, denseFinder } from './generators/dense/rank.ts';
export type { DenseSizes } from './generators/dense/sizes.ts';
export {
  type CodeLossContext,
  type CodeReader,
  type CodeWriter,
  type Generator,
  isGenerator,
} from './generators/generator.ts';
export { chosenUsers } from './generators/language/chosen-users.ts';
export { type Family, type FamilyWeights, families } from './generators/language/families.ts';
export {
  type ItemTexts,
  type ItemTextsOptions,
  itemsWith,
  itemTexts,
  type Texts,
} from './generators/language/item-texts.ts';
export { type Language, languageOf, textRows } from './generators/language/language.ts';
export { type LanguageBatch, languageBatch } from './generators/language/language-batch.ts';
export {
  type LanguageDecoderOptions,
  type LanguageTraining,
  languageDecoder,
  languageSentences,
  type SentenceSource,
} from './generators/language/language-decoder.ts';
export { type ExampleParser, exampleParser } from './generators/language/parse.ts';
export { type ItemText, itemsOfTitles, rowsOfText, type Speaker, writeTexts } from './generators/language/speaker.ts';
export { type LanguageSymbols, languageSymbols, languageTokens } from './generators/language/symbols.ts';
export { type Example, renderExample, type Sentence } from './generators/language/templates.ts';
export { type GeneratedItem, type GenerateOptions, generateItems } from './generators/recommend.ts';
export { type T5Config, type T5ConfigInput, t5ConfigSchema } from './generators/t5/config.ts';
export { createT5 } from './generators/t5/stack.ts';
export { historyCuts, type TrainingPairs, trainingPairs } from './generators/t5/training-pairs.ts';
export { type TextBeamOptions, textBeams, type WrittenText } from './generators/text-beams.ts';
export { checkGolden, defineGoldenCheck, type GoldenNotYet, goldenKinds } from './golden/check.ts';
export { type Computed, type ComputedTree, compareGradients, compareTensors } from './golden/compare.ts';
export { checkedFields, type GoldenFile, type GoldenTensor, goldenTensor, tensorOf } from './golden/file.ts';
export type { GoldenCheck } from './golden/kinds.ts';
export { type Golden, parseGolden } from './golden/parse.ts';
export { relativeError } from './golden/relative-error.ts';
export {
  type Float32Losses,
  float32Tolerance,
  type GoldenErrors,
  type GoldenMaxima,
  type GoldenReport,
  goldenReport,
} from './golden/report.ts';
export { goldenModelConfig, runGolden } from './golden/run.ts';
export { type EncoderBatch, type TokenBatch, uploadBatch } from './inputs.ts';
export { decodeSafetensors, encodeSafetensors, type SafetensorsContent, type StoredTensor } from './io/safetensors.ts';
export { type GivenItemVectors, setItemVectors } from './item-vectors.ts';
export { dice, diceSpecs } from './layers/dice.ts';
export {
  ItemEmbedding,
  type ItemEmbeddingArgs,
  LearnedPositions,
  type LearnedPositionsArgs,
} from './layers/embeddings.ts';
export { HiddenLayers, type HiddenLayersArgs } from './layers/hidden-layers.ts';
export { type Initialization, initialValues, StreamInitializer, type WeightStream } from './layers/initializers.ts';
export {
  inputList,
  isRunning,
  type LayerArgs,
  type NamedLayer,
  type Run,
  runOf,
  StreamLayer,
  type WeightSpec,
} from './layers/layer.ts';
export { Projection, type ProjectionArgs } from './layers/projection.ts';
export { RunningStatistics } from './layers/running.ts';
export { TABLE_PARTITIONS, type TablePartition, type TableSharding } from './layers/table-shard.ts';
export { withShardedTables } from './layers/table-shards.ts';
export {
  type ClockOptions,
  type ClockPeriod,
  clockFeatures,
  dayAndWeek,
  TimestampNorm,
  type TimestampNormArgs,
} from './layers/timestamp-norm.ts';
export { type TokenInputOptions, tokenInput } from './layers/token-input.ts';
export {
  type Branches,
  type BranchLogits,
  type EmbeddingTable,
  type EncodedActions,
  encodeLast,
  isRanker,
  isTokenEncoder,
  isTowers,
  type LabelLoss,
  type Model,
  type ModelOptions,
  type Ranker,
  type RankerRequests,
  scoreItems,
  type TableRows,
  type TokenEncoder,
  type Towers,
} from './model.ts';
export { withActions } from './objectives/actions.ts';
export { bceObjective, gbceObjective } from './objectives/bce.ts';
export {
  type LabelsConfig,
  labelsConfigSchema,
  type ObjectiveConfig,
  type ObjectiveConfigInput,
  objectiveConfigSchema,
} from './objectives/config.ts';
export { CountMinSketch, type SketchOptions } from './objectives/count-min-sketch.ts';
export { type CreateObjectiveOptions, createObjective } from './objectives/create.ts';
export type { ObjectiveData, ObjectiveDefinition } from './objectives/definition.ts';
export { candidateFlops, type ObjectiveWork } from './objectives/flops.ts';
export { exactFrequencies, type Frequencies, sketchFrequencies } from './objectives/frequencies.ts';
export { fullSoftmaxObjective } from './objectives/full-softmax.ts';
export { gbceBeta, generalisedBce } from './objectives/functions/gbce.ts';
export {
  correctedLogQSoftmax,
  logQSoftmax,
  logShares,
  type SampledScores,
  sampledSoftmax,
} from './objectives/functions/logq.ts';
export {
  type BucketOptions,
  type BucketScores,
  type Buckets,
  bucketSoftmax,
  chooseBuckets,
  coveredRows,
  mixedCentres,
} from './objectives/functions/sce.ts';
export { type LabelledPairs, samplePairs } from './objectives/labels.ts';
export {
  type DrawContext,
  type DrawnItems,
  meanLoss,
  type Objective,
  type ObjectiveContext,
  type WeightedLoss,
} from './objectives/objective.ts';
export { poolSoftmaxObjective } from './objectives/pool-softmax.ts';
export {
  defineObjective,
  knownObjectiveSchema,
  objectiveFlops,
  objectiveKinds,
  objectiveTimeReaders,
  parseObjectiveConfig,
  scoresAllItems,
} from './objectives/registry.ts';
export { type SampledSoftmaxSettings, sampledSoftmaxObjective } from './objectives/sampled-softmax.ts';
export { sceObjective } from './objectives/sce.ts';
export { trainedItemsOf, withNegativesOf } from './objectives/trained-negatives.ts';
export {
  type HostTensor,
  loadParameters,
  type NamedParameters,
  readParameters,
} from './parameters.ts';
export { rankWork } from './plan/cut.ts';
export { DistinctIds } from './plan/distinct-ids.ts';
export { collectiveSeconds, NETWORKS, type Network, type NetworkName } from './plan/network.ts';
export type { OptimizerSharding } from './plan/owned-weights.ts';
export {
  ownedColumns,
  ownedRows,
  ownerOf,
  PARTITIONS,
  type Partition,
  type TableShape,
} from './plan/partition.ts';
export { Placements, type PlanProblem } from './plan/placement.ts';
export { exhaustivePlacement, greedyPlacement, type Placement } from './plan/planner.ts';
export { explainPlacement, type PartitionOption, type PlacedTable } from './plan/reasons.ts';
export { readTables, type SimulateOptions, type StepLoad, simulateSteps } from './plan/simulate.ts';
export { checkStandIn, type StandIn } from './plan/stand-in.ts';
export {
  type CollectiveCost,
  type ComputeCost,
  computeSeconds,
  type DenseWeights,
  type ExchangeCost,
  exchangeCost,
  imbalance,
} from './plan/step-time.ts';
export { type PlannedTable, type TableBytes, tableBytes } from './plan/table-bytes.ts';
export {
  type Flow,
  type RowRequests,
  requestMatrix,
  rowRequests,
  type TableLoad,
  type TableTraffic,
  tableTraffic,
} from './plan/traffic.ts';
export { type TrainerWeights, trainerWeights } from './plan/trainer-weights.ts';
export { createAutoint } from './rankers/autoint/autoint.ts';
export { type AutoIntConfig, type AutoIntConfigInput, autointConfigSchema } from './rankers/autoint/config.ts';
export { taughtByFused, triLoss } from './rankers/branch-losses.ts';
export { createBst } from './rankers/bst/bst.ts';
export { type BstConfig, type BstConfigInput, bstConfigSchema } from './rankers/bst/config.ts';
export { fieldFields, historyFields, tableFields, tableScheme } from './rankers/config.ts';
export {
  type CrossAttentionConfig,
  type CrossAttentionConfigInput,
  crossAttentionConfigSchema,
} from './rankers/cross-attention/config.ts';
export { createCrossAttention } from './rankers/cross-attention/cross-attention.ts';
export { type DcnV2Config, type DcnV2ConfigInput, dcnV2ConfigSchema } from './rankers/dcn-v2/config.ts';
export { createDcnV2 } from './rankers/dcn-v2/dcn-v2.ts';
export { type DinConfig, type DinConfigInput, dinConfigSchema } from './rankers/din/config.ts';
export { createDin } from './rankers/din/din.ts';
export { type EtaConfig, type EtaConfigInput, etaConfigSchema } from './rankers/eta/config.ts';
export { createEta } from './rankers/eta/eta.ts';
export { batchesOfRows, examplesFor, type RowsBatch } from './rankers/examples-for.ts';
export { type FcnConfig, type FcnConfigInput, fcnConfigSchema } from './rankers/fcn/config.ts';
export { createFcn } from './rankers/fcn/fcn.ts';
export {
  type FieldAttentionConfig,
  type FieldAttentionConfigInput,
  fieldAttentionConfigSchema,
} from './rankers/field-attention/config.ts';
export { createFieldAttention } from './rankers/field-attention/field-attention.ts';
export { type FinalMlpConfig, type FinalMlpConfigInput, finalmlpConfigSchema } from './rankers/finalmlp/config.ts';
export { createFinalmlp } from './rankers/finalmlp/finalmlp.ts';
export { type FinalNetConfig, type FinalNetConfigInput, finalnetConfigSchema } from './rankers/finalnet/config.ts';
export { createFinalnet } from './rankers/finalnet/finalnet.ts';
export { type FmConfig, type FmConfigInput, fmConfigSchema } from './rankers/fm/config.ts';
export { createFm } from './rankers/fm/fm.ts';
export { type GdcnConfig, type GdcnConfigInput, gdcnConfigSchema } from './rankers/gdcn/config.ts';
export { createGdcn } from './rankers/gdcn/gdcn.ts';
export {
  type HstuRankerConfig,
  type HstuRankerConfigInput,
  hstuRankerConfigSchema,
} from './rankers/hstu-ranker/config.ts';
export { createHstuRanker } from './rankers/hstu-ranker/hstu-ranker.ts';
export { type LrConfig, type LrConfigInput, lrConfigSchema } from './rankers/lr/config.ts';
export { createLr } from './rankers/lr/lr.ts';
export {
  type MeanPoolingConfig,
  type MeanPoolingConfigInput,
  meanPoolingConfigSchema,
} from './rankers/mean-pooling/config.ts';
export { createMeanPooling } from './rankers/mean-pooling/mean-pooling.ts';
export { type MlpConfig, type MlpConfigInput, mlpConfigSchema } from './rankers/mlp/config.ts';
export { createMlp } from './rankers/mlp/mlp.ts';
export { type MmoeConfig, type MmoeConfigInput, mmoeConfigSchema } from './rankers/mmoe/config.ts';
export { createMmoe } from './rankers/mmoe/mmoe.ts';
export { type PleConfig, type PleConfigInput, pleConfigSchema } from './rankers/ple/config.ts';
export { createPle } from './rankers/ple/ple.ts';
export type { RankerOptions } from './rankers/ranker.ts';
export { createRanker, type NetOptions, type RankerNet } from './rankers/row-model.ts';
export { crossLayersFit, type SequenceConfig, sequenceRankerFields } from './rankers/sequence/config.ts';
export {
  type ModuleOptions,
  type SequenceInput,
  type SequenceModule,
  type SequenceParts,
  sequenceNet,
} from './rankers/sequence/net.ts';
export { type SimConfig, type SimConfigInput, simConfigSchema } from './rankers/sim/config.ts';
export { createSim } from './rankers/sim/sim.ts';
export {
  type TransactConfig,
  type TransactConfigInput,
  transactConfigSchema,
} from './rankers/transact/config.ts';
export { createTransact } from './rankers/transact/transact.ts';
export type { TimeReader } from './reads-times.ts';
export {
  capabilitiesOf,
  checkModelRows,
  completeModelConfig,
  countedModelKinds,
  createModel,
  defineModel,
  encoderConfigSchema,
  type GeneratorConfigInput,
  type ModelConfig,
  type ModelConfigInput,
  modelConfigSchema,
  modelFlops,
  modelKinds,
  modelStudy,
  modelTimeReaders,
  modelWidths,
  parseModelConfig,
  type RowModelConfig,
  type RowModelConfigInput,
  rowModelConfigSchema,
} from './registry.ts';
export { CodeTrie, type OpenNodes } from './semantic-ids/codes/trie.ts';
export { groupTerms, prefixTerms } from './semantic-ids/features/code-terms.ts';
export { type CodePieces, fitPieces, piecesOf } from './semantic-ids/features/pieces.ts';
export type { ItemsToCode, StoredCodebooks, TokenizerDefinition } from './semantic-ids/tokenizers/definition.ts';
export { type KMeans, type KMeansOptions, kMeans } from './semantic-ids/tokenizers/k-means.ts';
export { type Nearest, nearest } from './semantic-ids/tokenizers/nearest.ts';
export {
  defineTokenizer,
  isOwnTokenizer,
  readsVectors,
  tokenizerDefinition,
  tokenizerKinds,
} from './semantic-ids/tokenizers/registry.ts';
export type { Codebooks, Codes, FitOptions, Fitted } from './semantic-ids/tokenizers/tokenizer.ts';
export type {
  FitVectorsOptions,
  ItemVectors,
  ItemVectorsDefinition,
  ReadVectors,
  StoredVectors,
} from './semantic-ids/vectors/definition.ts';
export { defineItemVectors, itemVectorKinds, itemVectorsDefinition } from './semantic-ids/vectors/registry.ts';
export { asStored, type Rows, rowsAt } from './semantic-ids/vectors/rows.ts';
export { incrementalOf } from './serve/capabilities.ts';
export { createScorer, type ScorerOptions } from './serve/create-scorer.ts';
export { type EncodeHistoriesOptions, encodeHistories } from './serve/encode-histories.ts';
export { type Recommendation, type RecommendOptions, recommend } from './serve/recommend.ts';
export type {
  Append,
  IncrementalCapabilities,
  Question,
  ScoreQuestion,
  Scorer as UserScorer,
  ScorerCheck,
  ScorerStats,
  TopList,
  TopQuestion,
  UserEvent,
} from './serve/scorer.ts';
export { storedVectors } from './serve/stored-vectors.ts';
export { isRating, userEvent } from './serve/user-event.ts';
export type { Spill } from './serve/user-states.ts';
export { blockSettings, headsOfWidth, type ModelShape, type ModelStudy } from './study.ts';
export type { TaskData, TaskDefinition } from './tasks/definition.ts';
export { denseOf, type GenerationConfig, generationConfigSchema } from './tasks/generation/config.ts';
export { type LanguageConfig, languageConfigSchema } from './tasks/generation/language-config.ts';
export { type SpokenLanguage, spokenLanguage } from './tasks/generation/spoken.ts';
export {
  type CodeWriterOptions,
  codeModelConfig,
  codeWriter,
  generationTask,
  softmaxTemperature,
} from './tasks/generation/task.ts';
export { type BatchPart, historyCost, onlyPart, partBounds } from './tasks/part.ts';
export {
  type LabelConfig,
  type LabelLossName,
  labelLosses,
  type RankingConfig,
  rankingConfigSchema,
  type ValueTerm,
} from './tasks/ranking/config.ts';
export type { RankedLabel, RankingEvaluation } from './tasks/ranking/evaluation.ts';
export { type Judged, judgedAs } from './tasks/ranking/heads.ts';
export { impliedLabels } from './tasks/ranking/implied-labels.ts';
export { areClicks, isJudgedBy, judgedMetrics, ORDER_CUTOFFS } from './tasks/ranking/judged-metrics.ts';
export { rankingLabels } from './tasks/ranking/labels.ts';
export { sessionWeights } from './tasks/ranking/session-weights.ts';
export {
  isRankingTask,
  type JudgedLabel,
  type RankingTask,
  type RankingTaskOptions,
  rankingTask,
} from './tasks/ranking/task.ts';
export { rowValue } from './tasks/ranking/value.ts';
export {
  type CreateTaskOptions,
  capabilityFor,
  createTask,
  defineTask,
  knownTaskSchema,
  type RetrievalConfig,
  retrievalConfigSchema,
  taskKinds,
} from './tasks/registry.ts';
export { retrievalTask } from './tasks/retrieval.ts';
export type {
  Task,
  TaskContext,
  TaskDrawContext,
  TaskEvaluateOptions,
  TaskEvaluation,
  TaskMetric,
} from './tasks/task.ts';
export { type DssmConfig, type DssmConfigInput, dssmConfigSchema } from './towers/dssm/config.ts';
export { createDssm } from './towers/dssm/dssm.ts';
export type { CheckpointExtra, CheckpointState } from './train/checkpoint-format.ts';
export { batchColumns } from './train/columns.ts';
export { storedStateOf } from './train/groups.ts';
export { modelFromBytes } from './train/model-from-bytes.ts';
export { type OptimizerConfig, optimizerConfigSchema, type ScheduleConfig } from './train/optimizer-config.ts';
export type { ResolvedOptions, TrainerOptions } from './train/options.ts';
export type { EpochResult, Progress, StepInfo, TrainerPosition } from './train/progress.ts';
export { withRootWeights } from './train/root-weights.ts';
export { createTrainer, type EpochOptions, Trainer } from './train/trainer.ts';
export { isSharded, withWholeTables } from './train/whole-tables.ts';
export { weightShapes } from './weight-shapes.ts';
