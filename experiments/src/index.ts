// For scripts and notebooks: recipes as values, run folders as data. The command itself is `main`.
export type { Override } from './arguments.ts';
export type { DataConfig } from './config/data-schema.ts';
export { loadRecipe, type ResolvedConfig, recipeNames, resolveConfig } from './config/load-recipe.ts';
export { defineRecipe, type Recipe, type RecipeConfigInput } from './config/recipe.ts';
export { type RecipeConfig, RecipeConfigSchema } from './config/schema.ts';
export type { DataSummary } from './data/data-summary.ts';
export { ConfigError, ParityError, RunError, UsageError } from './errors.ts';
export { main } from './main.ts';
export { type Comparison, compareFile, type NotCompared, renderComparisons } from './parity/compare.ts';
export { renderReport, writeReport } from './report/report.ts';
export type { Environment } from './runs/environment.ts';
export {
  type EpochRecord,
  type FinalRecord,
  type MetricsRecord,
  readMetrics,
  type StepRecord,
} from './runs/metrics-log.ts';
export type { RunResults } from './runs/results.ts';
export { listRuns, openRunDir, type RunDir } from './runs/run-dir.ts';
export { type LockOwner, RunLockedError } from './runs/run-lock.ts';
export { TensorBoardWriter } from './runs/tensorboard.ts';
export { readTensorBoard, type TensorBoardEvent } from './runs/tensorboard-reader.ts';
