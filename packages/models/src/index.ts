export * from './browser.ts';
export { readWholeFile, writeFileAtomic } from './io/files.ts';
export { type LoadOptions, loadCheckpoint, loadModel, loadWeights, saveCheckpoint } from './train/checkpoint.ts';
export { type Checkpoint, readCheckpoint, readCheckpointState } from './train/checkpoint-file.ts';
export { exportWeights } from './train/export-weights.ts';
