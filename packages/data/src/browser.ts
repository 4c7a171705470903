// What runs in a browser: batches, splits and windows on typed arrays. `index.ts` adds readers, caches and what hashes.
export { type BatchesOptions, batches, countBatches, makeBatch, type SequenceBatch } from './batches/batch.ts';
export { type BatchPlan, type PackOptions, packByTokens } from './batches/pack.ts';
export type { ItemCatalogue } from './catalogue.ts';
export { ArchiveError, DataError, type DataErrorDetails, DownloadError, OptionError } from './errors.ts';
export { type IdMap, type IdMapJson, idMap, idMapFrom } from './ids.ts';
export type { Interactions, ProblemCount, ProcessingStep } from './interactions.ts';
export { type GlobalTimeOptions, globalTime, type TargetRule } from './splits/global-time.ts';
export { leaveLastOut, trainTest } from './splits/leave-last-out.ts';
export type { ExampleSet, Split, SplitProtocol } from './splits/split.ts';
export type { Column, ColumnKind, IdColumn, IdsColumn, NumberColumn, TimeColumn, WordsColumn } from './table/column.ts';
export { isMissing } from './table/column.ts';
export type { Roles } from './table/roles.ts';
export type { Table } from './table/table.ts';
export { type TieOrder, tieOrder } from './tie-order.ts';
export { type EpochCoverage, oneRandomCoverage, windowCoverage } from './windows/coverage.ts';
export { latestWindow } from './windows/latest.ts';
export type { WindowPolicy } from './windows/policy.ts';
export { isControlEpoch, type MixedSchedule, scheduleOrders } from './windows/schedule.ts';
