import type { BackendChoice } from '@seqrec/core';
import { type ExampleSet, type Split, trainTest, zipfWorld } from '@seqrec/data';
import { createModel, createTrainer, type TokenEncoder, type Trainer } from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { trainerSettings } from '../../config/trainer-settings.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { type PreparedData, prepareData } from '../../data/dataset.ts';
import { trainingSet } from '../../data/training-set.ts';
import { ConfigError } from '../../errors.ts';
import { modelOptions } from '../../run/open/model-options.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import type { Progress } from '../../terminal/progress.ts';

/** What to measure: a recipe with overrides, on a backend. */
export interface SubjectRequest {
  readonly recipe: string;
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly backend: BackendOptions;
  readonly quiet: boolean;
  /** Generated sequences over so many items in place of the recipe's data, each as long as the model's window. */
  readonly standInItems?: number;
}

/** @throws ConfigError for generated sequences where a recipe reads more than sequences of items. */
export function refuseStandIn(request: SubjectRequest, got: string): void {
  if (request.standInItems === undefined) return;
  throw new ConfigError(`--items: expected a recipe of retrieval; got one of ${got}`, 'leave it out');
}

/** A recipe, ready to train. */
export interface Subject {
  readonly name: string;
  readonly config: RecipeConfig;
  readonly choice: BackendChoice;
  readonly numItems: number;
  readonly examples: ExampleSet;
  readonly model: TokenEncoder;
  readonly trainer: Trainer;
}

/** A recipe with its data, to build subjects from. */
export interface Material {
  readonly name: string;
  readonly config: RecipeConfig;
  readonly split: Split;
}

/** Reads what the recipe trains on. */
export async function openMaterial(request: SubjectRequest, progress: Progress): Promise<Material> {
  const { name, config } = await resolveConfig({ recipe: request.recipe, overrides: request.overrides });
  if (request.standInItems !== undefined) return { name, config, split: standIn(config, request.standInItems) };
  const { split } = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  progress.clear();
  return { name, config, split };
}

/**
 * Two batches of users whose histories fill the window, popularity by Zipf: the size of a data set without the data.
 */
function standIn({ model, training, seed }: RecipeConfig, items: number): Split {
  const { maxSequenceLength } = model;
  return trainTest(zipfWorld({ users: 2 * training.batchSize, items, length: maxSequenceLength + 2, seed }));
}

/** The recipe of a benchmark with its data, as a run has them. */
export async function openSubjectData(
  request: SubjectRequest,
  progress: Progress,
): Promise<{ readonly name: string; readonly config: RecipeConfig; readonly data: PreparedData }> {
  const { name, config } = await resolveConfig({ recipe: request.recipe, overrides: request.overrides });
  const data = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  progress.clear();
  return { name, config, data };
}

/** Starts the backend and builds model and trainer as `seqrec train` does. */
export async function startSubject({ name, config, split }: Material, backend: BackendOptions): Promise<Subject> {
  const choice = await startBackend(backend);
  const { numItems } = split.interactions;
  const model = createModel(config.model, modelOptions(config, split.train));
  const trainer = createTrainer({ model, ...trainingSet(config, split.train), ...trainerSettings(config) });
  return { name, config, choice, numItems, examples: trainer.epochExamples(0), model, trainer };
}

/** {@link openMaterial} and {@link startSubject}. */
export async function openSubject(request: SubjectRequest, progress: Progress): Promise<Subject> {
  return startSubject(await openMaterial(request, progress), request.backend);
}
