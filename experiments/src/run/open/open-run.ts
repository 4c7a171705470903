import { existsSync } from 'node:fs';
import { loadModel, parseModelConfig, readCheckpointState, type TokenEncoder } from '@seqrec/models';
import { GENERATION_COMMANDS } from '../../config/run-config.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { generationOf, readCodedItems } from '../../data/coded-items.ts';
import { dataFolder } from '../../data/data-folder.ts';
import type { DataSummary } from '../../data/data-summary.ts';
import { type PreparedData, prepareData } from '../../data/dataset.ts';
import { ConfigError, RunError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';
import { testedCheckpoint } from '../evaluation/tested-checkpoint.ts';
import { readJson } from '../folder/atomic.ts';
import { savedResults } from '../folder/results.ts';
import { openRunDir, type RunDir } from '../folder/run-dir.ts';
import { checkSameData, checkSameIds, firstDifference, savedConfig, savedRun } from './resume.ts';
import { runModelConfig } from './run-model.ts';

/** A run with its data, and one of its checkpoints. */
export interface OpenRun {
  readonly run: RunDir;
  readonly name: string;
  readonly config: RecipeConfig;
  readonly data: PreparedData;
  readonly checkpoint: 'best' | 'last';
  /** The checkpoint file. */
  readonly file: string;
  /** Finished epochs of the checkpoint. */
  readonly epoch: number;
}

/** A model with the data and the configuration that it is evaluated by. */
export interface EvaluatedModel extends Pick<OpenRun, 'name' | 'config' | 'data' | 'epoch'> {
  readonly run: { readonly id: string };
  readonly model: TokenEncoder;
  /** Of a run; absent for weights from a file. */
  readonly checkpoint?: 'best' | 'last';
  /** Which weights these are, for the line above the figures. */
  readonly about: string;
}

/** The checkpoint's model, too. */
export interface TrainedRun extends OpenRun {
  readonly model: TokenEncoder;
  readonly about: string;
}

export interface RunRequest {
  readonly out: string;
  readonly run: string;
  /** Default: the one that the test set of the run sees. */
  readonly checkpoint?: 'best' | 'last' | undefined;
  readonly dataFolder?: string;
  readonly progress: Progress;
  /** Whether the caller asks models for codes too; default: a run of generation is refused. */
  readonly takesGeneration?: true;
}

/** @throws RunError when the run, the checkpoint or its data are not what they were. */
export async function openRun(request: RunRequest): Promise<OpenRun> {
  const run = openRunDir(request.out, request.run);
  const { checkpoint, file } = checkpointOf(run, request.checkpoint);
  const { name, config } = savedConfig(run);
  if (generationOf(config) !== undefined && request.takesGeneration !== true) throw refusedGeneration(run.id);
  const prepared = await prepareData(config.data, dataFolder(request.dataFolder), request.progress);
  checkSameData(run, prepared.split.interactions.digest);
  const generation = await readCodedItems(config, prepared.split.train, run.ids);
  if (generation !== undefined) checkSameIds(run, generation.ids);
  const data = { ...prepared, ...(generation && { generation }) };
  return { run, name, config, data, checkpoint, file, epoch: await epochOf(file, runModelConfig(config, data)) };
}

/** What a command that needs vectors of histories and items says of a run that has none. */
function refusedGeneration(id: string): ConfigError {
  return new ConfigError(
    `expected a run whose model has vectors of histories and items, which this command is for; got the run ${id} of the task generation`,
    `seqrec ${GENERATION_COMMANDS} take it`,
  );
}

/** Finished epochs of a checkpoint. @throws RunError when it is of another model. */
export async function epochOf(file: string, model: { readonly kind: string }): Promise<number> {
  const state = await readCheckpointState(file);
  const difference = firstDifference(parseModelConfig(model), parseModelConfig(state.model));
  if (difference)
    throw new RunError(
      `${file}: expected a checkpoint of this run; got one of another model: ${difference.key} is ${difference.after}, the run has ${difference.before}`,
    );
  return state.position.epoch;
}

/**
 * A checkpoint of a run, and its file; default: the one that its test set sees.
 *
 * @throws RunError when the run has none.
 */
export function checkpointOf(
  run: RunDir,
  asked?: 'best' | 'last',
): { readonly checkpoint: 'best' | 'last'; readonly file: string } {
  const checkpoint = asked ?? testedCheckpoint(savedRun(run).config.evaluation, hasValidation(run));
  const file = run[checkpoint];
  if (existsSync(file)) return { checkpoint, file };
  const failed = savedResults(run)?.error;
  const hint = existsSync(run.last)
    ? 'no epoch has been evaluated yet, use --checkpoint last'
    : failed === undefined
      ? 'the run ended before its first checkpoint'
      : `the run failed before its first checkpoint: ${failed}`;
  throw new RunError(`${file}: expected a checkpoint; there is none; ${hint}`);
}

/** Whether the split of a run has a validation set, without its data. */
function hasValidation(run: RunDir): boolean {
  const { examples } = readJson(run.data) as Partial<DataSummary>;
  return examples?.validation !== undefined;
}

/** {@link openRun} and the model. @throws CheckpointError when the checkpoint is damaged. */
export async function openTrainedRun(request: RunRequest): Promise<TrainedRun> {
  const opened = await openRun(request);
  const about = `${opened.run.id}, ${opened.checkpoint} checkpoint (epoch ${opened.epoch})`;
  return { ...opened, about, model: await loadModel(opened.file) };
}
