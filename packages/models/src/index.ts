export * from './browser.ts';
export { readWholeFile, writeFileAtomic } from './io/files.ts';
export { fileSpill } from './serve/file-spill.ts';
export { type LoadOptions, loadCheckpoint, loadModel, saveCheckpoint, shareCheckpoint } from './train/checkpoint.ts';
export { type Checkpoint, type ReadOptions, readCheckpoint, readCheckpointState } from './train/checkpoint-file.ts';
export { type ExportOptions, exportWeights, type NamedHeader } from './train/export-weights.ts';
export { loadWeights } from './train/load-weights.ts';
export { type WeightsDigest, weightsDigest } from './train/weights-digest.ts';
