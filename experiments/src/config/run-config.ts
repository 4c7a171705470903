import { taskKinds } from '@seqrec/models';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { type RankingRunConfig, type RankingRunConfigInput, rankingRunConfigSchema } from './ranking-schema.ts';
import { type RecipeConfig, type RecipeConfigInput, recipeConfigSchema } from './schema.ts';

/** The configuration of a run of any task. */
export type RunConfig = RecipeConfig | RankingRunConfig;
export type RunConfigInput = RecipeConfigInput | RankingRunConfigInput;

/** The commands that take runs of rows. */
const RANKING_COMMANDS =
  'train, evaluate, compare, report, export, reproduce, recipes, labels, plan, profile, bench step';

/** Those that take runs and recipes of generation. */
export const GENERATION_COMMANDS =
  'train, evaluate, recommend, titles, page, compare, report, export, reproduce, profile, search, benchmark, bench step and bench generate';

/** The schema of a value by its `task.kind`: of rows or, as without one, of encoded histories. */
export function runConfigSchema(value: unknown): z.ZodType<RunConfig, RunConfigInput> {
  const kind = taskKind(value);
  return typeof kind === 'string' && isOfRows(kind) ? rankingRunConfigSchema() : recipeConfigSchema();
}

function taskKind(value: unknown): unknown {
  const task = isObject(value) ? value.task : undefined;
  return isObject(task) ? task.kind : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whether a task is over rows: `ranking`, or one of a plug-in that needs a model of rows. */
function isOfRows(kind: string): boolean {
  return taskKinds('rank').includes(kind);
}

export function isRankingConfig(config: RunConfig): config is RankingRunConfig {
  return isOfRows(config.task.kind);
}

/**
 * A configuration of retrieval.
 *
 * @param what a recipe or run, for the message
 * @throws ConfigError for one of another task
 */
export function retrievalConfig(config: RunConfig, what: string): RecipeConfig {
  const sequences = sequenceConfig(config, what);
  if (sequences.task.kind !== 'generation') return sequences;
  throw new ConfigError(
    `expected the task retrieval, which this command is for; got ${what} of the task generation`,
    `seqrec ${GENERATION_COMMANDS} take it`,
  );
}

/**
 * A configuration over encoded histories: of retrieval or generation.
 *
 * @param what a recipe or run, for the message
 * @throws ConfigError for one of rows
 */
export function sequenceConfig(config: RunConfig, what: string): RecipeConfig {
  if (!isRankingConfig(config)) return config;
  throw new ConfigError(
    `expected the task retrieval, which this command is for; got ${what} of the task ${config.task.kind}`,
    `seqrec ${RANKING_COMMANDS} take it`,
  );
}
