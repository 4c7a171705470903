import { type ExampleSet, latestWindow, type WindowPolicy } from '@seqrec/data';
import { createObjective, type Objective } from '@seqrec/models';
import type { RecipeConfig } from '../config/schema.ts';
import { windowPolicy } from '../config/windows.ts';
import { windowed } from './dataset.ts';

/** What a trainer is given of a training part. */
export interface TrainingSet {
  readonly examples: ExampleSet;
  readonly windows?: WindowPolicy;
  /** A logQ correction counts labels in all that the windows can reach. */
  readonly objective: Objective;
}

/** The newest window of every history or, with a window policy, whole histories and the policy. */
export function trainingSet(config: RecipeConfig, train: ExampleSet): TrainingSet {
  const windows = windowPolicy(config);
  const newest = windowed(train, config.model.maxSequenceLength);
  if (windows === undefined) return { examples: newest, objective: createObjective(config.objective, newest) };
  const reached = Number.isFinite(windows.reach) ? latestWindow(train, { maxLength: windows.reach }) : train;
  return { examples: train, windows, objective: createObjective(config.objective, reached, { windowsMove: true }) };
}
