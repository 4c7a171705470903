import { type ExampleSet, latestWindow, type WindowPolicy } from '@seqrec/data';
import { createTask, type Task } from '@seqrec/models';
import type { RecipeConfig } from '../config/schema.ts';
import { windowPolicy } from '../config/windows.ts';
import type { CodedItems } from './coded-items.ts';
import { windowed } from './dataset.ts';

/** What a trainer is given of a training part. */
export interface TrainingSet {
  readonly examples: ExampleSet;
  readonly windows?: WindowPolicy;
  /** A logQ correction of its objective counts labels in all that the windows can reach. */
  readonly task: Task;
}

/** The newest window of every history or, with a window policy, whole histories and the policy. */
export function trainingSet(
  config: RecipeConfig,
  train: ExampleSet,
  generation?: Pick<CodedItems, 'codes'>,
): TrainingSet {
  const windows = windowPolicy(config);
  const newest = windowed(train, config.model.maxSequenceLength);
  const { task, objective } = config;
  const coded = generation && { codes: generation.codes };
  if (windows === undefined)
    return { examples: newest, task: createTask(task, { train: newest, objective, ...coded }) };
  const reached = Number.isFinite(windows.reach) ? latestWindow(train, { maxLength: windows.reach }) : train;
  return {
    examples: train,
    windows,
    task: createTask(task, { train, objective, reached, windowsMove: true, ...coded }),
  };
}
