// For scripts and notebooks: recipes as values, run folders as data. The command itself is `main`.
export type { Override } from './arguments.ts';
export type { DataConfig } from './config/data-schema.ts';
export { loadRecipe, type ResolvedConfig, recipeNames, resolveConfig, resolveRun } from './config/load-recipe.ts';
export { type RankingRunConfig, type RankingRunConfigInput, rankingRunConfigSchema } from './config/ranking-schema.ts';
export { defineRecipe, type Recipe, type WrittenRecipe } from './config/recipe.ts';
export { type RunConfig, type RunConfigInput, runConfigSchema } from './config/run-config.ts';
export { type RecipeConfig, type RecipeConfigInput, recipeConfigSchema } from './config/schema.ts';
export type { DataSummary } from './data/data-summary.ts';
export { ConfigError, ParityError, RunError, UsageError } from './errors.ts';
export { main } from './main.ts';
export { type Comparison, compareFile, type NotCompared, renderComparisons } from './measure/parity/compare.ts';
export { renderReport, writeReport } from './report/report.ts';
export type { Environment } from './run/folder/environment.ts';
export {
  type EpochRecord,
  type FinalRecord,
  type MetricsRecord,
  readMetrics,
  type StepRecord,
} from './run/folder/metrics-log.ts';
export type { RunResults } from './run/folder/results.ts';
export { listRuns, openRunDir, type RunDir } from './run/folder/run-dir.ts';
export { type LockOwner, RunLockedError } from './run/folder/run-lock.ts';
export { TensorBoardWriter } from './run/folder/tensorboard.ts';
export { readTensorBoard, type TensorBoardEvent } from './run/folder/tensorboard-reader.ts';
export {
  type Benchmark,
  type BenchmarkModel,
  type BenchmarkProtocol,
  type Changes,
  defineBenchmark,
  type PublishedRow,
} from './studies/benchmark/benchmark.ts';
export { benchmarkNames, loadBenchmark } from './studies/benchmark/load-benchmark.ts';
export { loadTable, tableNames } from './studies/reproduce/load-table.ts';
export {
  defineTable,
  type PaperTable,
  type TableBefore,
  type TableClaim,
  type TableGains,
  type TableReference,
  type TableRow,
} from './studies/reproduce/table.ts';
