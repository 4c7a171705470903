import { existsSync } from 'node:fs';
import { loadModel, parseModelConfig, readCheckpointState, type TokenEncoder } from '@seqrec/models';
import { GENERATION_COMMANDS } from '../../config/run-config.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { generationOf, readCodedItems } from '../../data/coded-items.ts';
import { dataFolder } from '../../data/data-folder.ts';
import { type PreparedData, prepareData } from '../../data/dataset.ts';
import { ConfigError, RunError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';
import { savedResults } from '../folder/results.ts';
import { openRunDir, type RunDir } from '../folder/run-dir.ts';
import { checkSameData, checkSameIds, firstDifference, savedConfig } from './resume.ts';
import { runModelConfig } from './run-model.ts';

/** A run with its data, and one of its checkpoints. */
export interface OpenRun {
  readonly run: RunDir;
  readonly name: string;
  readonly config: RecipeConfig;
  readonly data: PreparedData;
  /** The checkpoint file. */
  readonly file: string;
  /** Finished epochs of the checkpoint. */
  readonly epoch: number;
}

/** A model with the data and the configuration that it is evaluated by. */
export interface EvaluatedModel extends Pick<OpenRun, 'name' | 'config' | 'data' | 'epoch'> {
  readonly run: { readonly id: string };
  readonly model: TokenEncoder;
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
  readonly checkpoint: 'best' | 'last';
  readonly dataFolder?: string;
  readonly progress: Progress;
  /** Whether the caller asks models for codes too; default: a run of generation is refused. */
  readonly takesGeneration?: true;
}

/** @throws RunError when the run, the checkpoint or its data are not what they were. */
export async function openRun(request: RunRequest): Promise<OpenRun> {
  const run = openRunDir(request.out, request.run);
  const file = checkpointFile(run, request.checkpoint);
  const { name, config } = savedConfig(run);
  if (generationOf(config) !== undefined && request.takesGeneration !== true) throw refusedGeneration(run.id);
  const prepared = await prepareData(config.data, dataFolder(request.dataFolder), request.progress);
  checkSameData(run, prepared.split.interactions.digest);
  const generation = await readCodedItems(config, prepared.split.train, run.ids);
  if (generation !== undefined) checkSameIds(run, generation.ids);
  const data = { ...prepared, ...(generation && { generation }) };
  return { run, name, config, data, file, epoch: await epochOf(file, runModelConfig(config, data)) };
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
      `${file}: expected a checkpoint of this run; got one of another model: ${difference.key} is ${JSON.stringify(difference.after)}, the run has ${JSON.stringify(difference.before)}`,
    );
  return state.position.epoch;
}

/** A checkpoint of a run. @throws RunError when it has none. */
export function checkpointFile(run: RunDir, checkpoint: 'best' | 'last'): string {
  const file = run[checkpoint];
  if (existsSync(file)) return file;
  const failed = savedResults(run)?.error;
  const hint = existsSync(run.last)
    ? 'no epoch has been evaluated yet, use --checkpoint last'
    : failed === undefined
      ? 'the run ended before its first checkpoint'
      : `the run failed before its first checkpoint: ${failed}`;
  throw new RunError(`${file}: expected a checkpoint; there is none; ${hint}`);
}

/** {@link openRun} and the model. @throws CheckpointError when the checkpoint is damaged. */
export async function openTrainedRun(request: RunRequest): Promise<TrainedRun> {
  const opened = await openRun(request);
  const about = `${opened.run.id}, ${request.checkpoint} checkpoint (epoch ${opened.epoch})`;
  return { ...opened, about, model: await loadModel(opened.file) };
}
