import type { ExampleSet } from '@seqrec/data';
import {
  createTask,
  fitFields,
  isRankingTask,
  type ModelOptions,
  type RankingTask,
  type TaskMetric,
} from '@seqrec/models';
import type { RankingRunConfig } from '../../config/ranking-schema.ts';
import { ConfigError, RunError } from '../../errors.ts';

/** The task of a ranking run, with its labels named. */
export interface ResolvedRanking {
  readonly labels: readonly string[];
  readonly task: RankingTask;
}

/** @throws ConfigError for labels that the data do not have, and a task that cannot judge rows. */
export function rankingOf({ task }: Pick<RankingRunConfig, 'task'>, train: ExampleSet): ResolvedRanking {
  const created = createTask(task, { train });
  if (!isRankingTask(created))
    throw new ConfigError(
      `task.kind: expected a task that evaluates rows; got ${task.kind}, which has no labels, metrics or evaluate`,
      'begin it with rankingTask(...) of @seqrec/models',
    );
  return { labels: created.labels, task: created };
}

/** The metric that chooses a checkpoint where the configuration names none: the first of the task. */
export function selectedMetric(
  { evaluation }: Pick<RankingRunConfig, 'evaluation'>,
  { metrics }: Pick<RankingTask, 'metrics'>,
): string {
  return evaluation.selectBy ?? metrics[0].name;
}

/** What a task says of its metrics, of the first label first. */
export function metricsOf({ metrics, judged }: Pick<RankingTask, 'metrics' | 'judged'>): readonly TaskMetric[] {
  return [...metrics, ...judged.flatMap((label) => label.metrics)];
}

/** @throws RunError where that metric has no value, which chooses nothing. */
export function selectedValue(metrics: Readonly<Record<string, number>>, selectBy: string): number {
  const value = metrics[selectBy];
  if (value !== undefined) return value;
  throw new RunError(
    `evaluation.selectBy: expected a metric that has a value after every epoch, which the best checkpoint is chosen by; got ${selectBy} without; choose by one of ${Object.keys(metrics).join(', ')}`,
  );
}

/** What the model of a configuration needs of the data: users, items and, fitted on the training part, its fields. */
export function rankerOptions(
  { model, seed }: Pick<RankingRunConfig, 'model' | 'seed'>,
  { labels, task }: ResolvedRanking,
  train: ExampleSet,
): ModelOptions {
  const { numItems, numUsers } = train.interactions;
  const { learnsLogVariances: logVariances } = task;
  const sizes = { numItems, numUsers, labels: labels.length, ...(logVariances && { logVariances }) };
  return { ...sizes, seed, features: fitFields(model, train) };
}
