import { existsSync } from 'node:fs';
import type { Collective } from '@seqrec/core/collectives';
import {
  isSavedTogether,
  isSharded,
  loadCheckpoint,
  type Model,
  type StepInfo,
  saveCheckpoint,
  type Trainer,
  tableRuleKind,
} from '@seqrec/models';
import type { RecipeConfig } from '../../config/schema.ts';
import { pluginsForCheckpoint } from '../../plugins/load-plugins.ts';
import { formatCount } from '../../terminal/format.ts';
import type { Progress } from '../../terminal/progress.ts';
import { warningsIn } from '../evaluation/evaluate-set.ts';
import { type EpochRecord, MetricsLog, truncateMetrics } from '../folder/metrics-log.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { TensorBoardWriter } from '../folder/tensorboard.ts';
import { backendHeap } from '../process/heap.ts';
import { Interrupted, type StopSignal } from '../process/stop.ts';
import { say } from '../ranks/commands.ts';
import { evaluateWatched, isShared } from '../ranks/evaluate-together.ts';
import type { CheckpointClock } from './checkpoint-clock.ts';
import { isBetter, type Judge, type SetFigures } from './figures.ts';
import { isEndedByPatience } from './patience.ts';
import { evaluations, observePlateau } from './plateau.ts';

/** Beside the trainer's own state, what a checkpoint must carry for a run to go on as if nothing had happened. */
export interface LoopState {
  /** Epochs that have been evaluated and logged. */
  evaluatedEpochs: number;
  /** Mean training loss per label of the epoch finished last. */
  epochLoss: number;
  best?: { readonly epoch: number; readonly value: number };
  /** The best value of the evaluations that every longer run has: of all but a last epoch between two of them. */
  bestOnTime?: number;
  /** Such evaluations since. */
  sinceBest?: number;
}

export interface TrainRequest<M extends Model, E extends SetFigures> {
  readonly run: RunDir;
  readonly config: Pick<RecipeConfig, 'training' | 'optimizer'>;
  readonly resume: boolean;
  /** At its first step; a run that is resumed goes on from its checkpoint. */
  readonly trainer: Trainer<M>;
  readonly judge: Judge<M, E>;
  /** What speed is counted in. */
  readonly unit: 'tokens' | 'rows';
  readonly progress: Progress;
  readonly stop: StopSignal;
  readonly checkpoints: CheckpointClock;
  /** When the state of a run that is resumed has been read, and before the first step. */
  readonly onBegin: () => void;
  readonly onEpoch: (record: EpochRecord, state: LoopState) => void;
  /** Whether to leave the run after so many epochs; it can be gone on with. */
  readonly pause?: (epochs: number) => boolean;
  /** Ranks that take the same steps: they are told each. */
  readonly ranks?: Collective;
}

export interface TrainOutcome<M extends Model, E extends SetFigures> {
  readonly trainer: Trainer<M>;
  readonly state: LoopState;
  readonly interrupted: boolean;
  /** Of the watched set with the final weights, when this process made it. */
  readonly evaluation?: E;
}

/**
 * The training loop: step, log, checkpoint; at the end of an epoch evaluate, log, checkpoint.
 *
 * Every quantity that decides the weights lies in the checkpoint or follows from the configuration, so a run killed at
 * any moment and resumed ends with the same weights, bit for bit, as one left alone.
 */
export async function train<M extends Model, E extends SetFigures>(
  request: TrainRequest<M, E>,
): Promise<TrainOutcome<M, E>> {
  const { run, config, judge, unit, progress, stop, checkpoints, trainer, ranks } = request;
  const { model } = trainer;
  const { epochs, evaluateEvery, patience } = config.training;
  const { watched, better } = judge;

  for (const [name, { variable }] of model.tables()) {
    const [rows, width] = variable.shape;
    const kind = tableRuleKind(trainer.options) === 'adagrad' ? 'Adagrad' : 'AdamW';
    const byRows = trainer.update.rows.has(name);
    const trained = byRows ? `row-wise ${kind} on the rows of a step` : `dense ${kind}`;
    const rule = variable.trainable === false ? 'kept as it is' : trained;
    const where = isSharded(model) ? ' on this rank, the others hold the rest' : '';
    progress.note(`table ${name} ${formatCount(rows)} x ${width}${where}: ${rule}`);
  }

  const { owners } = trainer.update;
  if (owners !== undefined) progress.note(`the optimiser keeps ${sharesInWords(owners.load)}`);

  const state: LoopState = { evaluatedEpochs: 0, epochLoss: 0 };
  const begun = request.resume && existsSync(run.last);
  await say(ranks, { does: 'begin', ...(begun && { checkpoint: run.last }) });
  if (request.resume) {
    // Without a checkpoint the run was stopped before its first: it starts again from step 0.
    if (begun) Object.assign(state, (await loadCheckpoint(run.last, trainer)).run);
    // Checkpoints once had one best value, and counted since that.
    if (state.sinceBest !== undefined) state.bestOnTime ??= state.best?.value;
    truncateMetrics(run.metrics, { step: trainer.progress.globalStep, epochs: state.evaluatedEpochs });
  }
  request.onBegin();
  const log = new MetricsLog(run.metrics);
  const board = new TensorBoardWriter(run.path, request.resume ? { resumeStep: trainer.progress.globalStep + 1 } : {});
  const save = async (file: string) => {
    take(await trainer.settle());
    if (isSavedTogether(trainer)) await say(ranks, { does: 'save' });
    await saveCheckpoint(file, trainer, { run: { ...state }, ...pluginsForCheckpoint() });
    checkpoints.saved(trainer.progress.globalStep);
  };
  progress.start(trainer.progress.globalStep);
  // Loss and tokens of the epoch, what a resumed run did before included; seconds of this process alone.
  let { lossSum, weight: epochWeight } = trainer.position;
  let timed = { tokens: 0, rows: 0, seconds: 0 };
  let latest: E | undefined;
  const heap = backendHeap();
  heap?.resetPeak();
  const take = (infos: readonly StepInfo[]): void => {
    for (const info of infos) {
      const tokensPerSecond = info.tokens / info.seconds;
      const rowsPerSecond = info.sequences / info.seconds;
      timed = {
        tokens: timed.tokens + info.tokens,
        rows: timed.rows + info.sequences,
        seconds: timed.seconds + info.seconds,
      };
      lossSum += info.loss * info.weight;
      epochWeight += info.weight;
      const [step, epoch] = [info.globalStep + 1, info.epoch + 1];
      const rate = rateOf(trainer, info.globalStep);
      const ofRows = unit === 'rows';
      log.append({
        type: 'step',
        step,
        epoch,
        loss: info.loss,
        tokens: info.tokens,
        tokensPerSecond: Math.round(tokensPerSecond),
        ...(ofRows && { rows: info.sequences, rowsPerSecond: Math.round(rowsPerSecond) }),
        ...rate,
        time: new Date().toISOString(),
      });
      board.scalars(step, {
        'train/loss': info.loss,
        ...(ofRows ? { 'train/rowsPerSecond': rowsPerSecond } : { 'train/tokensPerSecond': tokensPerSecond }),
        ...(rate.learningRate !== undefined && { 'train/learningRate': rate.learningRate }),
      });
      progress.update({
        label: `train epoch ${epoch}/${epochs}  step`,
        done: step,
        // Epochs of some window policies differ in length: what is left is taken to be like the one in progress.
        total: step + (epochs - epoch + 1) * info.stepsPerEpoch - info.stepInEpoch - 1,
        mayStop: patience !== undefined,
        fields: [`loss ${info.loss.toFixed(4)}`, `${formatCount(ofRows ? rowsPerSecond : tokensPerSecond)} ${unit}/s`],
      });
    }
  };

  const evaluated = async (): Promise<E | undefined> => {
    if (ranks === undefined || !isShared(judge)) return trainer.update.averaged(() => judge.evaluate(model, watched));
    await say(ranks, { does: 'evaluate', set: 'watched' });
    return evaluateWatched(trainer, judge, ranks);
  };

  try {
    for (;;) {
      const { epoch: finished, globalStep } = trainer.progress;

      if (finished > state.evaluatedEpochs) {
        const onTime = finished % evaluateEvery === 0;
        const due = onTime || finished === epochs;
        // A run that was stopped while it evaluated takes no step of the epoch again: its heap has seen none.
        const peakHeapBytes = timed.rows > 0 ? heap?.peak : undefined;
        const evaluationStarted = performance.now();
        latest = due ? await evaluated() : undefined;
        const metrics = latest?.metrics ?? {};
        const record: EpochRecord = {
          type: 'epoch',
          step: globalStep,
          epoch: finished,
          meanLoss: state.epochLoss,
          seconds: timed.seconds,
          tokensPerSecond: timed.seconds === 0 ? 0 : timed.tokens / timed.seconds,
          ...(unit === 'rows' && { rowsPerSecond: timed.seconds === 0 ? 0 : timed.rows / timed.seconds }),
          ...rateOf(trainer, globalStep - 1),
          split: watched.name,
          metrics,
          ...(latest !== undefined && warningsIn(latest)),
          evaluationSeconds: (performance.now() - evaluationStarted) / 1000,
          ...(peakHeapBytes !== undefined && { peakHeapBytes }),
          time: new Date().toISOString(),
        };
        log.append(record);
        board.scalars(globalStep, { 'train/epochLoss': record.meanLoss, ...tagged(watched.name, metrics) });
        state.evaluatedEpochs = finished;
        let fall: string | undefined;
        if (latest !== undefined) {
          const value = judge.value(latest, judge.selectBy);
          if (onTime) {
            fall = observePlateau(trainer, latest, judge);
            const isBest = isBetter(value, state.bestOnTime, better);
            if (isBest) state.bestOnTime = value;
            state.sinceBest = isBest ? 0 : (state.sinceBest ?? 0) + 1;
          }
          if (isBetter(value, state.best?.value, better)) {
            state.best = { epoch: finished, value };
            await save(run.best);
          }
        }
        await save(run.last);
        request.onEpoch(record, state);
        if (fall !== undefined) progress.note(`epoch ${finished}: ${fall}`);
        timed = { tokens: 0, rows: 0, seconds: 0 };
        heap?.resetPeak();
      }

      const isStopped = isEndedByPatience(config.training, { sinceBest: state.sinceBest, epochs: finished });
      if (isStopped && finished < epochs) progress.note(stoppedInWords(state, judge.selectBy));
      if (finished >= epochs || isStopped || request.pause?.(finished))
        return { trainer, state, interrupted: false, evaluation: latest };
      if (stop.signal !== undefined) throw new Interrupted('stopped between two steps');

      await say(ranks, { does: 'step', plateau: trainer.update.plateau });
      take(await trainer.advance());
      const { epoch, globalStep: step } = trainer.progress;
      if (epoch > finished) {
        take(await trainer.settle());
        state.epochLoss = epochWeight === 0 ? 0 : lossSum / epochWeight;
        lossSum = 0;
        epochWeight = 0;
      }
      // The last step of an epoch is saved after its evaluation, above.
      if (epoch === finished && checkpoints.due(step)) await save(run.last);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    await save(run.last);
    return { trainer, state, interrupted: true };
  } finally {
    progress.clear();
    log.close();
    board.close();
  }
}

/** The learning rate of a step, where a schedule changes it. */
function rateOf(
  { options, update }: Pick<Trainer, 'options' | 'update'>,
  step: number,
): { readonly learningRate?: number } {
  if (options.schedule === undefined || step < 0) return {};
  return { learningRate: options.learningRate * update.factor(step) };
}

/** What each rank keeps moments of. */
function sharesInWords(load: readonly number[]): string {
  const [least, most] = [Math.min(...load), Math.max(...load)].map(formatCount);
  const total = formatCount(load.reduce((sum, numbers) => sum + numbers, 0));
  return `moments of ${least === most ? least : `${least} to ${most}`} of ${total} dense numbers on each rank`;
}

function stoppedInWords({ best, evaluatedEpochs, sinceBest = 0 }: LoopState, selectBy: string): string {
  const held = best === undefined ? '' : `; best ${best.value.toFixed(4)}, epoch ${best.epoch}`;
  return `stopped after epoch ${evaluatedEpochs}: no better ${selectBy} for ${evaluations(sinceBest)}${held}`;
}

function tagged(split: string, metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${split}/${name}`, value]));
}
