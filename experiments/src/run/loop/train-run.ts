import { existsSync } from 'node:fs';
import { type BackendChoice, DeviceLostError } from '@seqrec/core';
import type { ExampleSet } from '@seqrec/data';
import type { Evaluation, TokenEncoder, Trainer } from '@seqrec/models';
import type { Override } from '../../arguments.ts';
import { resolveConfig } from '../../config/load-recipe.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { windowPolicy } from '../../config/windows.ts';
import type { DataSummary, InitialWeightsSummary } from '../../data/data-summary.ts';
import { dataFolder, type PreparedData, prepareData, watchedSet } from '../../data/dataset.ts';
import { summariseData } from '../../data/summarise-data.ts';
import { RunError } from '../../errors.ts';
import { writeReport } from '../../report/report.ts';
import { systemMessage } from '../../system-error.ts';
import { Progress } from '../../terminal/progress.ts';
import { shellWord } from '../../terminal/shell-word.ts';
import { evaluateSet } from '../evaluation/evaluate-set.ts';
import { readJson, writeJson } from '../folder/atomic.ts';
import { describeEnvironment } from '../folder/environment.ts';
import { saveIds } from '../folder/ids.ts';
import type { EpochRecord } from '../folder/metrics-log.ts';
import type { RunResults } from '../folder/results.ts';
import { checkRunsFolder, createRunDir, type RunDir, removeTemporaries } from '../folder/run-dir.ts';
import { lockRun } from '../folder/run-lock.ts';
import { checkAgainstData, rowNumberWarning } from '../open/check-config.ts';
import { describeVectors, type RecipeVectors, recipeVectors, sameVectors } from '../open/item-vectors.ts';
import { describeInitialWeights, makeTrainer } from '../open/make-trainer.ts';
import { checkSameData, openForResume } from '../open/resume.ts';
import { type BackendOptions, checkBackendOptions, startBackend } from '../process/backend.ts';
import { Interrupted, listenForStop, type StopSignal, signalExitCode } from '../process/stop.ts';
import { CheckpointClock } from './checkpoint-clock.ts';
import { EpochTable } from './epoch-table.ts';
import { finishRun, leaveRun } from './finish-run.ts';
import { selectionValue } from './selection.ts';
import { type LoopState, train } from './train.ts';

export interface TrainRunRequest {
  readonly recipe?: string;
  readonly configFile?: string;
  readonly overrides: readonly Override[];
  readonly dataFolder?: string;
  readonly out: string;
  readonly resume?: string;
  readonly backend: BackendOptions;
  readonly checkpoints: { readonly everySteps?: number; readonly everySeconds?: number };
  readonly quiet: boolean;
}

/** `seqrec train`. Returns the exit code. */
export async function trainCommand(request: TrainRunRequest): Promise<number> {
  const progress = new Progress({ quiet: request.quiet });
  // What can be refused without reading the data is refused here.
  checkBackendOptions(request.backend);
  checkRunsFolder(request.out);
  const { name, config, previous } = await prepare(request);
  windowPolicy(config);
  const data = await prepareData(config.data, dataFolder(request.dataFolder), progress);
  const choice = await startBackend(request.backend);
  progress.note(`backend ${choice.name}: ${choice.reason}`);
  const stop = listenForStop(() => progress.note('stopping after this step; Ctrl-C again stops at once'));
  const table = new EpochTable(config, request.quiet);
  try {
    const { run, results } = await executeRun({
      name,
      config,
      data,
      choice,
      previous,
      out: request.out,
      progress,
      stop,
      checkpoints: request.checkpoints,
      resumeOptions: request.dataFolder === undefined ? '' : ` --data ${shellWord(request.dataFolder)}`,
      onEpoch: (record, state) => table.print(record, state),
    });
    if (results === undefined) return signalExitCode(stop.signal ?? 'SIGINT');
    if (!request.quiet) table.printResults(results);
    console.log(`\nreport: ${run.report}`);
    return 0;
  } finally {
    stop.dispose();
  }
}

interface Prepared {
  readonly name: string;
  readonly config: RecipeConfig;
  /** The run that is resumed. */
  readonly previous?: RunDir;
}

async function prepare(request: TrainRunRequest): Promise<Prepared> {
  if (request.resume !== undefined) return openForResume({ ...request, resume: request.resume });
  return resolveConfig({ recipe: request.recipe, file: request.configFile, overrides: request.overrides });
}

export interface ExecuteRequest extends Prepared {
  readonly data: PreparedData;
  readonly choice: BackendChoice;
  readonly out: string;
  readonly progress: Progress;
  readonly stop: StopSignal;
  readonly checkpoints: TrainRunRequest['checkpoints'];
  /** Added to the command that resumes. */
  readonly resumeOptions: string;
  readonly onEpoch: (record: EpochRecord, state: LoopState) => void;
}

/** A run folder from beginning to report. Without results when a signal stopped it; then all is saved. */
export async function executeRun(
  request: ExecuteRequest,
): Promise<{ readonly run: RunDir; readonly results?: RunResults }> {
  const { name, config, data, previous } = request;
  checkAgainstData(config, data);
  const warning = rowNumberWarning(config, data);
  // Whatever --quiet says.
  if (warning !== undefined) console.error(warning);
  sayLargeBatch(config, data, request.progress);
  const described = summariseData(data.split);
  if (previous) checkSameData(previous, described.digest);
  // A checkpoint has its item table: the file may be gone by then.
  const begun = previous !== undefined && existsSync(previous.last);
  const vectors = begun ? undefined : await recipeVectors(config, data.split.interactions);
  const itemVectors = (previous && sameVectors(previous, vectors)) ?? vectors?.summary;
  const from = begun ? undefined : config.initialWeights?.path;
  const initialWeights = from === undefined ? savedWeights(previous) : await sameWeights(from, previous);
  const summary = { ...described, ...(itemVectors && { itemVectors }), ...(initialWeights && { initialWeights }) };
  const beginning = { ...(vectors && { itemVectors: vectors.vectors }), ...(from && { initialWeights: from }) };
  const trainer = await makeTrainer(config, data, beginning, request.progress);
  const run = previous ?? createRunDir(request.out, name, config, new Date());
  const lock = lockRun(run);
  try {
    return await writeRun(run, summary, { ...request, vectors, trainer });
  } finally {
    lock.release();
  }
}

/** A batch beyond the data is no error, since data may be small, but hardly what was meant. */
function sayLargeBatch({ training }: RecipeConfig, { split }: PreparedData, progress: Progress): void {
  const examples = split.train.targets.length;
  if (training.batchSize > examples)
    progress.note(
      `note: training.batchSize ${training.batchSize} is more than the ${examples} training sequences: every epoch is one step`,
    );
}

/** What a run that has a checkpoint once began from: the file may be gone by then. */
function savedWeights(previous: RunDir | undefined): InitialWeightsSummary | undefined {
  return previous === undefined ? undefined : (readJson(previous.data) as DataSummary).initialWeights;
}

/** The file that a run begins from. @throws RunError when a run that has begun with it finds another. */
async function sameWeights(path: string, previous: RunDir | undefined): Promise<InitialWeightsSummary> {
  const now = await describeInitialWeights(path);
  const saved = savedWeights(previous);
  if (saved === undefined || saved.digest === now.digest) return now;
  throw new RunError(
    `run ${previous?.id}: weights: expected those of ${saved.path} when the run began, ${saved.digest.slice(0, 12)}; got others, ${now.digest.slice(0, 12)}`,
  );
}

/** The part of a run that writes into its folder. */
async function writeRun(
  run: RunDir,
  summary: DataSummary,
  request: ExecuteRequest & { readonly vectors?: RecipeVectors; readonly trainer: Trainer<TokenEncoder> },
): Promise<{ readonly run: RunDir; readonly results?: RunResults }> {
  const { name, config, data, previous, progress, stop, vectors } = request;
  if (previous) removeTemporaries(previous);
  // The configuration comes last: a folder that has it has the rest.
  writeJson(run.data, summary);
  saveIds(run, data.split.interactions);
  writeJson(run.environment, describeEnvironment(request.choice));
  writeJson(run.config, { recipe: name, config });
  progress.note(`${previous ? 'resume' : 'run'} ${run.path}`);
  if (vectors) progress.note(describeVectors(vectors.summary));
  if (summary.initialWeights) {
    const { path, digest } = summary.initialWeights;
    progress.note(`weights of ${path} (sha256 ${digest.slice(0, 12)}) instead of random ones`);
  }

  const evaluation = { data, options: config.evaluation, window: config.model.maxSequenceLength, progress, stop };
  // A run whose checkpoint cannot be read is left as it is.
  let begun = previous === undefined;
  try {
    const judge = {
      watched: watchedSet(data.split),
      evaluate: (model: TokenEncoder, set: ExampleSet) => evaluateSet(model, set, evaluation),
      value: (figures: Evaluation) => selectionValue(figures, config.evaluation.selectBy),
      better: 'larger',
    } as const;
    const outcome = await train({
      run,
      config,
      judge,
      progress,
      stop,
      resume: previous !== undefined,
      trainer: request.trainer,
      checkpoints: new CheckpointClock(request.checkpoints),
      onBegin: () => {
        begun = true;
        if (existsSync(run.results)) leaveRun(run, { status: 'running' });
      },
      onEpoch: request.onEpoch,
    });
    if (outcome.interrupted) throw new Interrupted('stopped while training');
    const results = await finishRun(run, { name, config }, outcome, evaluation);
    writeReport(run);
    return { run, results };
  } catch (error) {
    const command = `seqrec train --resume ${shellWord(run.path)}${request.resumeOptions}`;
    if (error instanceof DeviceLostError && existsSync(run.last)) {
      console.error(`the last checkpoint is whole; go on from it with: ${command}`);
    }
    if (!(error instanceof Interrupted)) {
      if (begun) sayFailed(run, error);
      throw error;
    }
    leaveRun(run, { status: 'interrupted', resumeCommand: command });
    writeReport(run);
    console.error(`saved; resume with: ${command}`);
    return { run };
  }
}

/** Leaves the reason in the folder of a run, for its report and whoever opens it. */
function sayFailed(run: RunDir, error: unknown): void {
  const message = error instanceof Error ? (systemMessage(error) ?? error.message) : String(error);
  try {
    leaveRun(run, { status: 'failed', error: message });
    writeReport(run);
  } catch {
    // A full disk, say, has ended the run and refuses this as well: the reason of the run is the one to tell.
  }
}
