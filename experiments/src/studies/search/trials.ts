import { sep } from 'node:path';
import { type BackendChoice, DeviceLostError } from '@seqrec/core';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { RunError } from '../../errors.ts';
import { type EpochRecord, readMetrics } from '../../run/folder/metrics-log.ts';
import type { RunDir } from '../../run/folder/run-dir.ts';
import { refuseLocked } from '../../run/folder/run-lock.ts';
import { executeRun } from '../../run/loop/execute-run.ts';
import { isEndedByPatience } from '../../run/loop/patience.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import { systemMessage } from '../../system-error.ts';
import type { Progress } from '../../terminal/progress.ts';
import { findRun } from '../reproduce/seeds.ts';
import type { Trained } from './halving.ts';

export interface TrialContext {
  /** Folder of the runs. */
  readonly out: string;
  /** Name of the runs: of the recipe. */
  readonly name: string;
  readonly data: PreparedData;
  readonly choice: BackendChoice;
  readonly progress: Progress;
  readonly stop: StopSignal;
}

export interface TrialRequest {
  readonly config: RecipeConfig;
  /** All epochs of the trial when it pauses. */
  readonly epochs: number;
  /** Seconds that the trial took before. */
  readonly before: number;
  readonly isSpent: (seconds: number) => boolean;
}

/**
 * Trains a trial on, in a run folder that pauses: the test set is not looked at. A trial that cannot be trained says
 * why.
 *
 * @throws Interrupted when a signal stopped it; all is saved.
 */
export async function trainTrial(request: TrialRequest, context: TrialContext): Promise<Trained> {
  const { config, epochs, before, isSpent } = request;
  const { out, name, data } = context;
  const previous = findRun(out, name, config);
  if (previous) refuseLocked(previous);
  let own = previous === undefined ? 0 : secondsOf(previous) - before;
  try {
    const { run, paused } = await executeRun({
      ...{ name, config, data, out, ...(previous && { previous }) },
      ...{ choice: context.choice, progress: context.progress, stop: context.stop },
      checkpoints: {},
      resumeOptions: '',
      onEpoch: (record) => {
        own += record.seconds + record.evaluationSeconds;
      },
      pause: (done) => done >= epochs || isSpent(own),
    });
    if (run === undefined || paused === undefined) throw new Interrupted('stopped');
    const { evaluatedEpochs, best, sinceBest } = paused;
    if (evaluatedEpochs > epochs)
      throw new RunError(
        `${run.path}: expected a trial of ${epochs} epochs; got one of ${evaluatedEpochs}, which was trained on elsewhere; remove the folder, it can be made again`,
      );
    return {
      epochs: evaluatedEpochs,
      ...(best && { value: best.value, bestEpoch: best.epoch }),
      seconds: Math.max(0, secondsOf(run) - before),
      curve: curveOf(run, config.evaluation.selectBy),
      ended: isEndedByPatience(config.training, { sinceBest, epochs: evaluatedEpochs }),
    };
  } catch (error) {
    const failed = failureOf(error);
    if (failed === undefined) throw error;
    const run = findRun(out, name, config);
    // The name of the folder tells the time: two searches have the same reasons.
    const reason = run === undefined ? failed : failed.replaceAll(`${run.path}${sep}`, '');
    const done = run === undefined ? 0 : epochsOf(run).length;
    return {
      epochs: done,
      ...(run !== undefined && { begun: done + 1 }),
      seconds: run === undefined ? 0 : Math.max(0, secondsOf(run) - before),
      curve: run === undefined ? [] : curveOf(run, config.evaluation.selectBy),
      ended: false,
      failed: reason,
    };
  }
}

/** Why a trial failed; nothing for what would end every trial: a signal, a disk that is full, a lost device. */
function failureOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof Interrupted || error instanceof DeviceLostError || error instanceof RunError) return undefined;
  if (systemMessage(error) !== undefined || 'syscall' in error) return undefined;
  // One line: tables have it.
  return error.message.split('\n')[0];
}

const epochsOf = (run: RunDir): EpochRecord[] => readMetrics(run.metrics).filter((record) => record.type === 'epoch');

const secondsOf = (run: RunDir): number =>
  epochsOf(run).reduce((sum, { seconds, evaluationSeconds }) => sum + seconds + evaluationSeconds, 0);

function curveOf(run: RunDir, metric: string): [epoch: number, value: number][] {
  return epochsOf(run).flatMap(({ epoch, metrics }): [number, number][] =>
    Number.isFinite(metrics[metric]) ? [[epoch, metrics[metric]]] : [],
  );
}
