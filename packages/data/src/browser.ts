// What runs in a browser: batches, splits and windows on typed arrays. `index.ts` adds readers, caches and what hashes.
export { type BatchesOptions, batches, countBatches, makeBatch } from './batches/batch.ts';
export { type BatchRows, gatherBatch } from './batches/gather.ts';
export { type BatchPlan, type PackOptions, packByTokens } from './batches/pack.ts';
export {
  type BatchColumns,
  type ExampleArray,
  type NamedColumns,
  type SequenceBatch,
  type SequenceBatchParts,
  sequenceBatch,
  takeEach,
  takeTokens,
} from './batches/sequence-batch.ts';
export type { ItemCatalogue } from './catalogue.ts';
export { ArchiveError, DataError, type DataErrorDetails, DownloadError, OptionError } from './errors.ts';
export { type ByRequestOptions, byRequest, hasRows, type RequestRows, type RequestSet } from './examples/by-request.ts';
export { countExamples, type ExampleCounts } from './examples/count.ts';
export { checkFeatureColumns, whyNoFeature } from './examples/feature-columns.ts';
export { type ImpressionOptions, impressionExamples } from './examples/impressions.ts';
export { checkTrainingLabels, happenedRows, type Label, labelOf, positiveEvents } from './examples/labels.ts';
export { pointExamples } from './examples/points.ts';
export { type Requests, requestsOf, requestTimes } from './examples/requests.ts';
export { takeExamples } from './examples/take.ts';
export { type HistoryOptions, withHistories, withoutHistories } from './examples/with-histories.ts';
export { fromFloat16 } from './float16.ts';
export { type IdMap, type IdMapJson, idMap, idMapFrom } from './ids.ts';
export type { Interactions, ProblemCount, ProcessingStep } from './interactions.ts';
export { isKindName, KIND_NAME_IN_WORDS } from './kind-name.ts';
export { partitionPoint } from './partition-point.ts';
export {
  defineSource,
  readSource,
  type SourceContext,
  type SourceDefinition,
  sourceDefinition,
  sourceFormats,
} from './sources/defined.ts';
export { areaUnderCurve } from './splits/auc.ts';
export { type ByUserOptions, byUser } from './splits/by-user.ts';
export { type GivenSplitOptions, givenSplit } from './splits/given.ts';
export { type GlobalTimeOptions, globalTime, type TargetRule, targetRules } from './splits/global-time.ts';
export { trainingEvents } from './splits/histories.ts';
export { type LastRowsOptions, lastRows } from './splits/last-rows.ts';
export { leaveLastOut, trainTest } from './splits/leave-last-out.ts';
export { type RandomSplitOptions, randomSplit } from './splits/random.ts';
export { withRowHistories } from './splits/row-histories.ts';
export {
  type HistorySource,
  historySources,
  type RowHistories,
  type RowHistoryOptions,
  type SameTime,
  sameTimeRules,
} from './splits/row-history-options.ts';
export { type RowsByTimeOptions, rowsByTime } from './splits/rows-by-time.ts';
export type { ExampleSet, RowExamples, RowSplit, Split, SplitProtocol } from './splits/split.ts';
export { zipfRank } from './synthetic/zipf-rank.ts';
export type { Column, ColumnKind, IdColumn, IdsColumn, NumberColumn, TimeColumn, WordsColumn } from './table/column.ts';
export { isMissing, rowsOf } from './table/column.ts';
export { type Roles, rolesOf } from './table/roles.ts';
export type { Table } from './table/table.ts';
export { takeColumn } from './table/take.ts';
export { countTerms, type TermCounts } from './terms/count-terms.ts';
export { type ItemTermsOptions, itemTerms, type TermBounds, termBounds, termColumns } from './terms/item-terms.ts';
export { characterRuns, ngramsOf, wordsOf } from './terms/words.ts';
export { type TieOrder, tieOrder } from './tie-order.ts';
export { applyTransform } from './transforms/apply.ts';
export { takeEncoded, withDistinctLists } from './transforms/encoded.ts';
export { fitTransform } from './transforms/fit.ts';
export {
  type EncodedColumn,
  type EncodedShape,
  type Encoding,
  encodedShape,
  encodings,
  type FittedTransform,
  MISSING_ROW,
  type TransformSpec,
  UNKNOWN_ROW,
} from './transforms/spec.ts';
export { stepOf } from './transforms/step-of.ts';
export { type TrainingRows, trainedItems, trainingRows, trainingSequences } from './transforms/training-rows.ts';
export { checkedWindows } from './windows/checked-windows.ts';
export { type EpochCoverage, oneRandomCoverage, windowCoverage } from './windows/coverage.ts';
export { latestWindow } from './windows/latest.ts';
export type { WindowPolicy } from './windows/policy.ts';
export { definedWindows, defineWindows, type WindowsDefinition } from './windows/registry.ts';
export { isControlEpoch, type MixedSchedule, scheduleOrders } from './windows/schedule.ts';
