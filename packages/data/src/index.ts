export type { TieRule } from './assemble.ts';
export * from './browser.ts';
export { digestItems } from './digest.ts';
export { declareAfter } from './examples/declare-after.ts';
export { dedupe, kCore, minLength, minRating } from './filters/filters.ts';
export { type LabelOptions, labelFromColumn } from './filters/label.ts';
export { dropRepeats, kCoreWithoutRepeats } from './filters/repeats.ts';
export { negativeSources, type SampledNegativesOptions, withSampledNegatives } from './filters/sampled-negatives.ts';
export { type JoinLabelsOptions, joinLabels, teacherOf } from './label-store/join-labels.ts';
export { checkNewLabels, labelsOf, type TeacherLabels, writeLabels } from './label-store/write-labels.ts';
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
export { type CsvReader, csvReaders, duckdbFrom } from './sources/choose-reader.ts';
export type { ColumnRef } from './sources/columns.ts';
export type { CsvSource, EventColumns, ItemsFile } from './sources/csv-source.ts';
export type { DelimitedOptions } from './sources/delimited.ts';
export { detectFormat } from './sources/detect.ts';
export type { FuxiCtrSource } from './sources/fuxictr.ts';
export { type ItemVectors, type ItemVectorsOptions, readItemVectors } from './sources/item-vectors.ts';
export { interactionsFromArrays, type MemorySource } from './sources/memory.ts';
export type { MemoryColumn, MemoryTable, MemoryValue } from './sources/memory-columns.ts';
export type { MindSource } from './sources/mind.ts';
export type { MovieLensSource } from './sources/movielens.ts';
export { type NpyMatrix, readNpy } from './sources/npy.ts';
export type { ReadProgress } from './sources/progress.ts';
export type { SideFile } from './sources/side-file.ts';
export type { SqlSource } from './sources/sql.ts';
export { latestTime, type TimeUnit } from './sources/time.ts';
export type { UserLinesSource } from './sources/user-lines.ts';
export type { YelpSource } from './sources/yelp.ts';
export { type ColdItemsOptions, drawColdItems, withColdItems } from './splits/cold-items.ts';
export { withColdRows } from './splits/cold-rows.ts';
export { type LeakageReport, leakageReport } from './splits/leakage.ts';
export type { LeakageCheck } from './splits/leakage-check.ts';
export { teacherChecks } from './splits/leakage-teachers.ts';
export type { Limit } from './splits/limit.ts';
export { ExampleList } from './splits/split.ts';
export { timeOfShare } from './splits/time-of-share.ts';
export { type DatasetStats, datasetStats, type LengthBin, type LengthStats, lengthHistogram } from './stats.ts';
export { dlrmBaseRate, dlrmLimits } from './synthetic/dlrm-limits.ts';
export { type DlrmWorld, type DlrmWorldOptions, dlrmWorld } from './synthetic/dlrm-world.ts';
export { type MarkovWorld, type MarkovWorldOptions, markovWorld } from './synthetic/markov-world.ts';
export { type StreamingWorld, type StreamingWorldOptions, streamingWorld } from './synthetic/streaming-world.ts';
export { type ZipfWorldOptions, zipfWorld } from './synthetic/zipf-world.ts';
export { type ColumnDescription, describeColumns, shortNumber, valueText } from './table/describe.ts';
export type { ColumnSpec } from './table/spec.ts';
export { type ItemTermsColumn, withItemTerms } from './terms/with-item-terms.ts';
export { type ItemVectorsColumn, withItemVectors } from './terms/with-item-vectors.ts';
export { eventsOfItems } from './transforms/events-of-items.ts';
export { takenEvents } from './transforms/taken-events.ts';
export type { Refresh } from './user-vectors/refresh.ts';
export {
  USER_VECTOR,
  USER_VECTOR_AGE,
  type UserVectors,
  type UserVectorsOptions,
  withUserVectors,
} from './user-vectors/with-user-vectors.ts';
export { equalSteps } from './windows/equal-steps.ts';
export { type HoldOutOptions, holdOutUsers } from './windows/hold-out.ts';
export {
  countWindows,
  type SlidingWindowOptions,
  slidingWindows,
} from './windows/sliding.ts';
export { type SlidingRule, slidingRules } from './windows/sliding-rules.ts';
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
