import { type ExampleSet, latestWindow, takeExamples, type WindowPolicy } from '@seqrec/data';
import { chosenUsers, createTask, type Task } from '@seqrec/models';
import type { RecipeConfig } from '../config/schema.ts';
import { windowPolicy } from '../config/windows.ts';
import { type CodedItems, generationOf } from './coded-items.ts';
import { windowed } from './dataset.ts';

/** What a trainer is given of a training part. */
export interface TrainingSet {
  readonly examples: ExampleSet;
  readonly windows?: WindowPolicy;
  /** A logQ correction of its objective counts labels in all that the windows can reach. */
  readonly task: Task;
}

/** The newest window of every history or, with a window policy, whole histories and the policy. */
export function trainingExamples(config: RecipeConfig, train: ExampleSet): Pick<TrainingSet, 'examples' | 'windows'> {
  const windows = windowPolicy(config);
  if (windows === undefined) return { examples: learned(config, windowed(train, config.model.maxSequenceLength)) };
  return { examples: learned(config, train), windows };
}

/** {@link trainingExamples}, and what is learned of them. */
export function trainingSet(
  config: RecipeConfig,
  train: ExampleSet,
  generation?: Pick<CodedItems, 'codes'>,
): TrainingSet {
  const given = trainingExamples(config, train);
  const { windows } = given;
  const { task, objective, model } = config;
  const coded = generation && { codes: generation.codes };
  if (windows === undefined) {
    const newest = windowed(train, model.maxSequenceLength);
    return { ...given, task: createTask(task, { train: newest, objective, ...coded }) };
  }
  const reached = Number.isFinite(windows.reach) ? latestWindow(train, { maxLength: windows.reach }) : train;
  const windowsMove = windows.isControl !== true;
  return { ...given, task: createTask(task, { train, objective, reached, windowsMove, ...coded }) };
}

/** Without users of whom nothing is learned: where `retrieve` alone is trained, on few, steps would be empty. */
function learned(config: RecipeConfig, train: ExampleSet): ExampleSet {
  const { histories = 'all', tasks } = generationOf(config)?.language ?? {};
  const others = Object.entries(tasks ?? {}).some(([name, weight]) => name !== 'retrieve' && weight > 0);
  if (others || histories === 'all') return train;
  const chosen = chosenUsers(train.users, histories, config.seed);
  const examples = Int32Array.from(train.users.keys()).filter((e) => chosen.has(train.users[e]));
  return takeExamples(train, examples);
}
