import './golden/of-ids.ts';

export * from './browser.ts';
export { applyDelta } from './delta/apply-delta.ts';
export { checkChain, placeAfter } from './delta/check-chain.ts';
export type { Delta, TableDelta } from './delta/delta.ts';
export { deltaFromBytes, readDelta, writeDelta } from './delta/delta-file.ts';
export { fromInt8Rows, type Int8Rows, toInt8Rows } from './delta/int8-rows.ts';
export { type DeltaOptions, makeDelta } from './delta/make-delta.ts';
export type { RowPolicy } from './delta/row-policy.ts';
export {
  type ChainPlace,
  readSnapshot,
  type Snapshot,
  tablesOf,
  type Weight,
  writeSnapshot,
} from './delta/snapshot.ts';
export { type StagedDelta, stageDelta } from './delta/stage-delta.ts';
export { readWholeFile, writeFileAtomic } from './io/files.ts';
export { appendItems } from './semantic-ids/append.ts';
export { type CodesReport, diagnose, type ItemsOfCodes, type LevelReport } from './semantic-ids/codes/diagnostics.ts';
export { collisionRules, withCounter, withNextNearest } from './semantic-ids/codes/unique-codes.ts';
export type {
  TokenizerConfig,
  TokenizerConfigInput,
  VectorsConfig,
  VectorsConfigInput,
} from './semantic-ids/config.ts';
export { type FitIdsRequest, fitSemanticIds, type SemanticIds } from './semantic-ids/fit.ts';
export { idsDigest, readSemanticIds, type StoredIds, writeSemanticIds } from './semantic-ids/ids-file.ts';
export {
  besideVectors,
  columnsOfVectors,
  fitIdVectors,
  idVectors,
  type VectorState,
  vectorsThatNewItemsLack,
} from './semantic-ids/item-vectors.ts';
export { type SemanticIdsConfig, type SemanticIdsConfigInput, semanticIdsSchema } from './semantic-ids/schema.ts';
export { fitLsa, type Lsa, lsaVectors } from './semantic-ids/vectors/lsa.ts';
export { isOwnItemVectors } from './semantic-ids/vectors/own-vectors.ts';
export { behaviourVectors } from './semantic-ids/vectors/sppmi.ts';
export { fileSpill } from './serve/file-spill.ts';
export {
  isSavedTogether,
  type LoadOptions,
  loadCheckpoint,
  loadModel,
  saveCheckpoint,
  shareCheckpoint,
} from './train/checkpoint.ts';
export { type Checkpoint, type ReadOptions, readCheckpoint, readCheckpointState } from './train/checkpoint-file.ts';
export { type ExportOptions, exportWeights, type NamedHeader } from './train/export-weights.ts';
export { tableRuleKind } from './train/groups.ts';
export { type LoadedTable, type LoadTablesOptions, loadTables } from './train/load-tables.ts';
export { type LoadWeightsOptions, loadWeights } from './train/load-weights.ts';
export { otherData, trainedOn } from './train/other-data.ts';
export { parametersDigest, type WeightsDigest, weightsDigest } from './train/weights-digest.ts';
