import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { type RankingRunConfig, type RankingRunConfigInput, rankingRunConfigSchema } from './ranking-schema.ts';
import { type RecipeConfig, type RecipeConfigInput, recipeConfigSchema } from './schema.ts';

/** The configuration of a run of any task. */
export type RunConfig = RecipeConfig | RankingRunConfig;
export type RunConfigInput = RecipeConfigInput | RankingRunConfigInput;

/** The commands that take runs of the task `ranking`. */
const RANKING_COMMANDS = 'train, evaluate, compare, report, export, reproduce, recipes, bench step';

/** The schema of a value by its `task.kind`; without one it is of retrieval. */
export function runConfigSchema(value: unknown): z.ZodType<RunConfig, RunConfigInput> {
  return taskKind(value) === 'ranking' ? rankingRunConfigSchema() : recipeConfigSchema();
}

function taskKind(value: unknown): unknown {
  const task = isObject(value) ? value.task : undefined;
  return isObject(task) ? task.kind : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function isRankingConfig(config: RunConfig): config is RankingRunConfig {
  return config.task.kind === 'ranking';
}

/**
 * A configuration of retrieval.
 *
 * @param what a recipe or run, for the message
 * @throws ConfigError for one of another task
 */
export function retrievalConfig(config: RunConfig, what: string): RecipeConfig {
  if (!isRankingConfig(config)) return config;
  throw new ConfigError(
    `expected the task retrieval, which this command is for; got ${what} of the task ranking`,
    `seqrec ${RANKING_COMMANDS} take it`,
  );
}
