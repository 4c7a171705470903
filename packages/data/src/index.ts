export type { TieRule } from './assemble.ts';
export { type BatchesOptions, batches, countBatches, makeBatch, type SequenceBatch } from './batches/batch.ts';
export { type BatchPlan, type PackOptions, packByTokens } from './batches/pack.ts';
export type { ItemCatalogue } from './catalogue.ts';
export { ArchiveError, DataError, type DataErrorDetails, DownloadError, OptionError } from './errors.ts';
export { dedupe, kCore, minLength, minRating } from './filters/filters.ts';
export { type IdMap, type IdMapJson, idMap, idMapFrom } from './ids.ts';
export type { Interactions, ProblemCount, ProcessingStep } from './interactions.ts';
export { type DatasetSource, datasetName, type LoadOptions, loadDataset } from './load.ts';
export { type UniformNegativesOptions, uniformNegatives } from './negatives/uniform.ts';
export { epochOrder, type RandomSource, randomSource } from './random.ts';
export { type DownloadOptions, type DownloadProgress, download } from './registry/download.ts';
export type { Checksum, DatasetEntry } from './registry/entries.ts';
export {
  datasetEntry,
  datasetNames,
  findDataset,
  type LoadByNameOptions,
  loadNamedDataset,
} from './registry/registry.ts';
export type { AmazonSource } from './sources/amazon.ts';
export type { ColumnRef } from './sources/columns.ts';
export type { CsvSource, EventColumns, ItemsFile } from './sources/csv.ts';
export type { DelimitedOptions } from './sources/delimited.ts';
export { detectFormat } from './sources/detect.ts';
export { interactionsFromArrays, type MemorySource } from './sources/memory.ts';
export type { MovieLensSource } from './sources/movielens.ts';
export type { ReadProgress } from './sources/progress.ts';
export type { TimeUnit } from './sources/time.ts';
export { type GlobalTimeOptions, globalTime, type TargetRule } from './splits/global-time.ts';
export { type LeakageCheck, type LeakageReport, leakageReport } from './splits/leakage.ts';
export { leaveLastOut, trainTest } from './splits/leave-last-out.ts';
export type { ExampleSet, Split, SplitProtocol } from './splits/split.ts';
export { type DatasetStats, datasetStats, type LengthBin, type LengthStats, lengthHistogram } from './stats.ts';
export { type MarkovWorld, type MarkovWorldOptions, markovWorld } from './synthetic/markov-world.ts';
export { type StreamingWorld, type StreamingWorldOptions, streamingWorld } from './synthetic/streaming-world.ts';
export { type ZipfWorldOptions, zipfWorld } from './synthetic/zipf-world.ts';
export { type TieOrder, tieOrder } from './tie-order.ts';
export { type EpochCoverage, oneRandomCoverage, windowCoverage } from './windows/coverage.ts';
export { latestWindow } from './windows/latest.ts';
export type { WindowPolicy } from './windows/policy.ts';
export { isControlEpoch, type MixedSchedule, scheduleOrders } from './windows/schedule.ts';
export {
  countWindows,
  type SlidingRule,
  type SlidingWindowOptions,
  slidingRules,
  slidingWindows,
} from './windows/sliding.ts';
export {
  expectedLength,
  type StochasticLengthOptions,
  type SubsequenceRule,
  shortLength,
  stochasticLength,
  subsequenceRules,
  wholeChance,
} from './windows/stochastic-length.ts';
export { type WindowTestOptions, type WindowTestSets, windowTestSets } from './windows/test-sets.ts';
