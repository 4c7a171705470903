import { setImmediate } from 'node:timers/promises';
import { createModel, createTrainer, evaluate, loadCheckpoint, saveCheckpoint, type Trainer } from '@seqrec/models';
import type { RecipeConfig } from '../config/schema.ts';
import { type EpochRecord, MetricsLog, truncateMetrics } from '../runs/metrics-log.ts';
import type { RunDir } from '../runs/run-dir.ts';
import { TensorBoardWriter } from '../runs/tensorboard.ts';
import { formatCount } from '../terminal/format.ts';
import type { Progress } from '../terminal/progress.ts';
import { CheckpointClock } from './checkpoint-clock.ts';
import { watchedSet, windowed } from './dataset.ts';
import type { Split } from '@seqrec/data';
import { Interrupted, type StopSignal } from './stop.ts';

/** Beside the trainer's own state, what a checkpoint must carry for a run to go on as if nothing had happened. */
export interface LoopState {
  /** Epochs that have been evaluated and logged. */
  evaluatedEpochs: number;
  best?: { readonly epoch: number; readonly value: number };
}

export interface TrainRequest {
  readonly run: RunDir;
  readonly config: RecipeConfig;
  readonly split: Split;
  readonly resume: boolean;
  readonly progress: Progress;
  readonly stop: StopSignal;
  readonly checkpoints: CheckpointClock;
  readonly onEpoch: (record: EpochRecord, state: LoopState) => void;
}

export interface TrainOutcome {
  readonly trainer: Trainer;
  readonly state: LoopState;
  readonly interrupted: boolean;
}

/**
 * The training loop: step, log, checkpoint; at the end of an epoch evaluate, log, checkpoint.
 *
 * Every quantity that decides the weights lies in the checkpoint or follows from the configuration, so a run killed at
 * any moment and resumed ends with the same weights, bit for bit, as one left alone.
 */
export async function train(request: TrainRequest): Promise<TrainOutcome> {
  const { run, config, split, progress, stop, checkpoints } = request;
  const { epochs, batchSize, order, evaluateEvery } = config.training;
  const window = config.model.maxSequenceLength;
  const watched = windowed(watchedSet(split), window);
  const model = createModel(config.model, { numItems: split.interactions.numItems, seed: config.seed });
  const trainer = createTrainer({
    model,
    examples: windowed(split.train, window),
    batchSize,
    order,
    ...config.optimizer,
    ...config.objective,
    seed: config.seed,
  });

  const state: LoopState = { evaluatedEpochs: 0 };
  if (request.resume) {
    Object.assign(state, await restore(run, trainer));
    truncateMetrics(run.metrics, { step: trainer.progress.globalStep, epochs: state.evaluatedEpochs });
  }
  const log = new MetricsLog(run.metrics);
  const board = new TensorBoardWriter(run.path, request.resume ? { resumeStep: trainer.progress.globalStep + 1 } : {});
  const save = async (file: string) => {
    await saveCheckpoint(file, trainer, { run: { ...state } });
    checkpoints.saved(trainer.progress.globalStep);
  };
  const total = epochs * trainer.progress.stepsPerEpoch;
  progress.start(trainer.progress.globalStep);
  let epochStarted = performance.now();
  let epochTokens = 0;

  try {
    for (;;) {
      const { epoch: finished, globalStep } = trainer.progress;

      if (finished > state.evaluatedEpochs) {
        const seconds = (performance.now() - epochStarted) / 1000;
        const due = finished % evaluateEvery === 0 || finished === epochs;
        const evaluationStarted = performance.now();
        const metrics = due ? await evaluateNow(request, trainer, watched) : {};
        const record: EpochRecord = {
          type: 'epoch',
          step: globalStep,
          epoch: finished,
          meanLoss: trainer.lastEpochLoss,
          seconds,
          tokensPerSecond: epochTokens / seconds,
          split: watched.name,
          metrics,
          evaluationSeconds: (performance.now() - evaluationStarted) / 1000,
          time: new Date().toISOString(),
        };
        log.append(record);
        board.scalars(globalStep, { 'train/epochLoss': record.meanLoss, ...tagged(watched.name, metrics) });
        state.evaluatedEpochs = finished;
        const value = metrics[config.evaluation.selectBy];
        if (value !== undefined && (state.best === undefined || value > state.best.value)) {
          state.best = { epoch: finished, value };
          await save(run.best);
        }
        await save(run.last);
        request.onEpoch(record, state);
        epochStarted = performance.now();
        epochTokens = 0;
      }

      if (finished >= epochs) return { trainer, state, interrupted: false };
      if (stop.signal !== undefined) throw new Interrupted('stopped between two steps');

      const before = performance.now();
      const info = await trainer.step();
      const tokensPerSecond = (info.tokens * 1000) / (performance.now() - before);
      epochTokens += info.tokens;
      const step = trainer.progress.globalStep;
      log.append({
        type: 'step',
        step,
        epoch: finished + 1,
        loss: info.loss,
        tokens: info.tokens,
        tokensPerSecond: Math.round(tokensPerSecond),
        time: new Date().toISOString(),
      });
      board.scalars(step, { 'train/loss': info.loss, 'train/tokensPerSecond': tokensPerSecond });
      progress.update({
        label: `train epoch ${finished + 1}/${epochs}  step`,
        done: step,
        total,
        fields: [`loss ${info.loss.toFixed(4)}`, `${formatCount(tokensPerSecond)} tokens/s`],
      });
      // The last step of an epoch is saved after its evaluation, above.
      if (trainer.progress.epoch === finished && checkpoints.due(step)) await save(run.last);
      // A turn of the event loop, in which a signal is noticed.
      await setImmediate();
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

/** Metrics of the current weights on the watched set; a stop signal leaves the evaluation, to be repeated on resume. */
async function evaluateNow(request: TrainRequest, trainer: Trainer, watched: Split['test']): Promise<Readonly<Record<string, number>>> {
  const { config, progress, stop } = request;
  const { ks, batchSize, excludeSeen } = config.evaluation;
  const phase = progress.phase();
  const { metrics } = await evaluate({
    model: trainer.model,
    examples: watched,
    batchSize,
    ks,
    excludeSeen,
    onProgress: (done, total) => {
      if (stop.signal !== undefined) throw new Interrupted('stopped while evaluating');
      phase.update({ label: `evaluate ${watched.name}, users`, done, total });
    },
  });
  phase.clear();
  return metrics;
}

async function restore(run: RunDir, trainer: Trainer): Promise<LoopState> {
  const { extra } = await loadCheckpoint(run.last, trainer);
  return (extra as { readonly run: LoopState }).run;
}

function tagged(split: string, metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${split}/${name}`, value]));
}
