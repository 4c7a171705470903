import { existsSync } from 'node:fs';
import { type BackendChoice, DeviceLostError } from '@seqrec/core';
import type { Collective } from '@seqrec/core/collectives';
import type { Interactions } from '@seqrec/data';
import type { Model, TablePartition, Trainer } from '@seqrec/models';
import type { RunConfig } from '../../config/run-config.ts';
import type { DataSummary } from '../../data/data-summary.ts';
import { loadedPlugins } from '../../plugins/load-plugins.ts';
import { writeReport } from '../../report/report.ts';
import { systemMessage } from '../../system-error.ts';
import type { Progress } from '../../terminal/progress.ts';
import { shellWord } from '../../terminal/shell-word.ts';
import { writeJson } from '../folder/atomic.ts';
import { describeEnvironment } from '../folder/environment.ts';
import { saveIds } from '../folder/ids.ts';
import type { EpochRecord } from '../folder/metrics-log.ts';
import { leaveRun, type RunResults } from '../folder/results.ts';
import { createRunDir, type RunDir, removeTemporaries } from '../folder/run-dir.ts';
import { lockRun } from '../folder/run-lock.ts';
import { nativeProducts, otherProducts, recordedProducts } from '../open/native-products.ts';
import { Interrupted, type StopSignal } from '../process/stop.ts';
import { followRun } from '../ranks/follow-run.ts';
import { checkSameJob } from '../ranks/same-job.ts';
import { CheckpointClock } from './checkpoint-clock.ts';
import type { Judge, SetFigures } from './figures.ts';
import { type LoopState, type TrainOutcome, train } from './train.ts';

/** What every run is asked for with, whatever its task. */
export interface ExecuteOptions {
  readonly name: string;
  /** The run that is resumed. */
  readonly previous?: RunDir;
  readonly choice: BackendChoice;
  readonly out: string;
  readonly progress: Progress;
  readonly stop: StopSignal;
  readonly checkpoints: { readonly everySteps?: number; readonly everySeconds?: number };
  /** Added to the command that resumes. */
  readonly resumeOptions: string;
  readonly onEpoch: (record: EpochRecord, state: LoopState) => void;
  /**
   * Given: the run is left as it is after the number of epochs at which this says so, after the last one, or when
   * patience ends it. Its test set is not looked at.
   */
  readonly pause?: (epochs: number) => boolean;
  /** The ranks that train together; 0 writes the folder, the others only take part in the steps. */
  readonly ranks?: Collective;
  /** How the item table lies on the ranks; absent: whole on each. */
  readonly partition?: TablePartition;
  /** Whether what the optimiser keeps of the dense weights lies on several ranks. */
  readonly shardOptimizer?: boolean;
}

export interface Executed {
  /** Absent on a rank other than 0, which writes none. */
  readonly run?: RunDir;
  /** Absent when a signal stopped the run; then all is saved. */
  readonly results?: RunResults;
  /** Of a run that was paused: its best epoch so far, and how many there are. */
  readonly paused?: LoopState;
  /** On a rank other than 0: how rank 0 ended. */
  readonly exitCode?: number;
}

/** What a task brings to a run. */
export interface TaskRun<M extends Model, E extends SetFigures> {
  readonly config: RunConfig;
  readonly summary: DataSummary;
  readonly interactions: Interactions;
  /** Said when the folder is there. */
  readonly notes: readonly string[];
  readonly trainer: Trainer<M>;
  readonly judge: Judge<M, E>;
  /** What the loop counts its speed in; default tokens. */
  readonly unit?: 'tokens' | 'rows';
  /** Writes what else belongs to the folder of a new run, before its configuration. */
  save?(run: RunDir): Promise<void>;
  /** What remains when training has ended; writes the results. */
  finish(run: RunDir, outcome: TrainOutcome<M, E>): Promise<RunResults>;
}

/** A run folder from beginning to report. */
export async function executeTask<M extends Model, E extends SetFigures>(
  task: TaskRun<M, E>,
  options: ExecuteOptions,
): Promise<Executed> {
  const { ranks, choice } = options;
  if (ranks !== undefined) {
    const config = JSON.stringify(task.config);
    await checkSameJob(ranks, {
      'digest of the data': task.summary.digest,
      configuration: config,
      backend: choice.name,
      '--shard-tables': options.partition ?? 'none',
      '--shard-optimizer': options.shardOptimizer ? 'given' : 'none',
    });
    if (ranks.rank > 0) return { exitCode: await followRun(ranks, task) };
  }
  const run = options.previous ?? createRunDir(options.out, options.name, task.config, new Date());
  const lock = lockRun(run);
  try {
    return await writeRun(run, task, options);
  } finally {
    lock.release();
  }
}

async function writeRun<M extends Model, E extends SetFigures>(
  run: RunDir,
  task: TaskRun<M, E>,
  { name, previous, choice, progress, stop, checkpoints, resumeOptions, onEpoch, pause, ranks }: ExecuteOptions,
): Promise<Executed> {
  const { config } = task;
  if (previous) removeTemporaries(previous);
  // The configuration comes last: a folder that has it has the rest.
  writeJson(run.data, task.summary);
  saveIds(run, task.interactions);
  if (previous === undefined) await task.save?.(run);
  const changed = previous && otherProducts(recordedProducts(previous), nativeProducts(choice));
  writeJson(run.environment, describeEnvironment(choice));
  const plugins = loadedPlugins();
  writeJson(run.config, { recipe: name, config, ...(plugins.length > 0 && { plugins }) });
  progress.note(`${previous ? 'resume' : 'run'} ${run.path}`);
  for (const note of [...task.notes, ...(changed === undefined ? [] : [changed])]) progress.note(note);
  // A run whose checkpoint cannot be read is left as it is.
  let begun = previous === undefined;
  try {
    const outcome = await train({
      run,
      config,
      judge: task.judge,
      unit: task.unit ?? 'tokens',
      progress,
      stop,
      resume: previous !== undefined,
      trainer: task.trainer,
      checkpoints: new CheckpointClock(checkpoints),
      onBegin: () => {
        begun = true;
        if (existsSync(run.results)) leaveRun(run, { status: 'running' });
      },
      onEpoch,
      ...(pause && { pause }),
      ...(ranks && { ranks }),
    });
    if (outcome.interrupted) throw new Interrupted('stopped while training');
    if (pause !== undefined) {
      leaveRun(run, { status: 'interrupted', resumeCommand: resumeCommand(run, resumeOptions) });
      writeReport(run);
      return { run, paused: outcome.state };
    }
    const results = await task.finish(run, outcome);
    writeReport(run);
    return { run, results };
  } catch (error) {
    const command = resumeCommand(run, resumeOptions);
    if (error instanceof DeviceLostError && existsSync(run.last)) {
      console.error(`the last checkpoint is whole; go on from it with: ${command}`);
    }
    if (!(error instanceof Interrupted)) {
      if (begun) sayFailed(run, error);
      throw error;
    }
    leaveRun(run, { status: 'interrupted', resumeCommand: command });
    writeReport(run);
    // A run that pauses is part of something that goes on by a command of its own.
    if (pause === undefined) console.error(`saved; resume with: ${command}`);
    return { run };
  }
}

const resumeCommand = ({ path }: RunDir, options: string): string =>
  `seqrec train --resume ${shellWord(path)}${options}`;

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
