import { existsSync, rmSync } from 'node:fs';
import { shuffle, streamKey } from '@seqrec/core';
import type { ExampleSet } from '@seqrec/data';
import {
  createModel,
  createTrainer,
  loadCheckpoint,
  type StepInfo,
  saveCheckpoint,
  type TokenEncoder,
  type Trainer,
} from '@seqrec/models';
import { trainerSettings } from '../../config/trainer-settings.ts';
import { type PreparedData, watchedSet } from '../../data/dataset.ts';
import { trainingSet } from '../../data/training-set.ts';
import { batchFlops, totalFlops } from '../../measure/flops/step.ts';
import { evaluateWindowTests, flatWindowTests } from '../../run/evaluation/window-tests.ts';
import { CheckpointClock } from '../../run/loop/checkpoint-clock.ts';
import { countParameters } from '../../run/loop/count-parameters.ts';
import { modelOptions } from '../../run/open/model-options.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import { measure } from './measure.ts';
import type { Arm, StudyDir, StudyPoint } from './study.ts';

export interface ArmContext {
  readonly dir: StudyDir;
  readonly data: PreparedData;
  /** Most users that a measurement looks at; an even selection when there are more. */
  readonly evaluatedUsers: number;
  readonly progress: Progress;
  readonly stop: StopSignal;
}

/** Sums since the first step; they lie in the checkpoint beside the trainer's state. */
interface Spent {
  readonly flops: number;
  readonly tokens: number;
  readonly seconds: number;
}

/** Model and trainer of an arm, at step 0. */
export function openArm(arm: Arm, data: PreparedData): { readonly model: TokenEncoder; readonly trainer: Trainer } {
  const { config } = arm;
  const { train } = data.split;
  const part = firstUsers(train, arm.users, config.seed);
  const model = createModel(config.model, modelOptions(config, part));
  const set = trainingSet(config, part);
  return { model, trainer: createTrainer({ model, ...set, ...trainerSettings(config) }) };
}

/** Floating-point operations of the trainer's next step, with the labels that it will draw. */
export function nextStepFlops(arm: Arm, trainer: Trainer): number {
  const { epoch, stepInEpoch, globalStep: step } = trainer.progress;
  const examples = trainer.epochExamples(epoch);
  return totalFlops(batchFlops(arm.config, examples, trainer.batchIndices(epoch, stepInEpoch), step));
}

/**
 * Trains an arm from mark to mark and writes a point at each. Finished points are kept, an interrupted training goes on
 * from its checkpoint, and every value but the seconds is the same as without the interruption.
 */
export async function runArm(arm: Arm, context: ArmContext): Promise<void> {
  const { dir, data, progress, stop } = context;
  const missing = arm.marks.some((_, mark) => dir.point(arm, mark) === undefined);
  const checkpoint = dir.checkpoint(arm);
  if (!missing) {
    rmSync(checkpoint, { force: true });
    return;
  }
  const { model, trainer } = openArm(arm, data);
  let spent: Spent = { flops: 0, tokens: 0, seconds: 0 };
  const clock = new CheckpointClock();
  let loss = Number.NaN;
  const take = (infos: readonly StepInfo[]): void => {
    for (const info of infos) {
      spent = { ...spent, tokens: spent.tokens + info.tokens, seconds: spent.seconds + info.seconds };
      loss = info.loss;
    }
  };
  const save = async (): Promise<void> => {
    take(await trainer.settle());
    await saveCheckpoint(checkpoint, trainer, { spent });
    clock.saved(trainer.progress.globalStep);
  };
  try {
    if (existsSync(checkpoint)) spent = (await loadCheckpoint(checkpoint, trainer)).spent as Spent;
    progress.start();
    for (const [mark, value] of arm.marks.entries()) {
      while (countOf(arm, spent, trainer) < value) {
        if (stop.signal !== undefined) throw new Interrupted('stopped between two steps');
        const flops = nextStepFlops(arm, trainer);
        take(await trainer.advance());
        spent = { ...spent, flops: spent.flops + flops };
        progress.update({
          label: `${arm.id}  ${arm.unit}`,
          done: countOf(arm, spent, trainer),
          total: arm.marks[arm.marks.length - 1],
          fields: [`loss ${loss.toFixed(3)}`],
        });
        if (clock.due(trainer.progress.globalStep)) await save();
      }
      take(await trainer.settle());
      if (dir.point(arm, mark) !== undefined) continue;
      dir.savePoint(arm, mark, await pointAt(arm, value, { model, trainer, spent, context }));
      // After the point: a crash in between only measures it again.
      await save();
    }
    rmSync(checkpoint, { force: true });
  } catch (error) {
    if (error instanceof Interrupted) await save();
    throw error;
  } finally {
    progress.clear();
    trainer.dispose();
    model.dispose();
  }
}

function countOf(arm: Arm, spent: Spent, trainer: Trainer): number {
  return arm.unit === 'flops' ? spent.flops : trainer.progress.globalStep;
}

async function pointAt(
  arm: Arm,
  mark: number,
  at: { readonly model: TokenEncoder; readonly trainer: Trainer; readonly spent: Spent; readonly context: ArmContext },
): Promise<StudyPoint> {
  const { model, trainer, spent } = at;
  // By the weights of `training.weightAverage`, where there are some, as every evaluation of a training.
  const { loss, metrics } = await trainer.update.averaged(async () => {
    const held = await measureArm(arm, model, at.context);
    return { ...held, metrics: { ...held.metrics, ...(await windowMetrics(arm, model, at.context)) } };
  });
  const { epoch, stepInEpoch, stepsPerEpoch, globalStep } = trainer.progress;
  return {
    arm: arm.id,
    encoder: arm.encoder,
    factors: arm.factors,
    mark,
    steps: globalStep,
    epochs: epoch + stepInEpoch / stepsPerEpoch,
    tokens: spent.tokens,
    flops: spent.flops,
    parameters: countParameters(model),
    loss,
    metrics,
    seconds: spent.seconds,
  };
}

/** The held-out set (validation where there is one, else test) under the model of an arm. */
export function measureArm(arm: Arm, model: TokenEncoder, context: ArmContext) {
  const { data, evaluatedUsers, stop } = context;
  const set = evenSelection(watchedSet(data.split), evaluatedUsers);
  const { ks, batchSize, excludeSeen, ties, queryTime } = arm.config.evaluation;
  return measure(model, set, {
    ks,
    batchSize,
    excludeSeen,
    ties,
    queryTime,
    temperature: arm.config.objective.temperature,
    ...(data.openItems && { candidates: data.openItems(set) }),
    onBatch: () => {
      if (stop.signal !== undefined) throw new Interrupted('stopped while measuring');
    },
  });
}

/** What a study keeps of the window tests. */
const WINDOW_METRICS = /^(recent|older)\/(HR@10|MRR|perplexity)$|^items\/(mAP( decile 1)?|Recall@100)$/;

async function windowMetrics(arm: Arm, model: TokenEncoder, context: ArmContext): Promise<Record<string, number>> {
  const { data, evaluatedUsers, progress, stop } = context;
  const { heldOut } = data;
  if (arm.testedWindow === undefined || heldOut === undefined) return {};
  const tests = await evaluateWindowTests(
    model,
    { ...data, heldOut },
    {
      config: arm.config,
      progress,
      stop,
      sets: ['recent', 'older'],
      maxLength: arm.testedWindow,
      select: (set) => evenSelection(set, evaluatedUsers),
    },
  );
  return Object.fromEntries(Object.entries(flatWindowTests(tests)).filter(([name]) => WINDOW_METRICS.test(name)));
}

/**
 * The examples of the first `count` users of an order that depends on the seed alone: smaller selections lie in larger.
 */
export function firstUsers(set: ExampleSet, count: number | undefined, seed: number): ExampleSet {
  const users = Int32Array.from(new Set(set.users));
  if (count === undefined || count >= users.length) return set;
  const order = shuffle(streamKey(seed, 'study-users'), 0, users.length).subarray(0, count);
  const chosen = new Set(Array.from(order, (at) => users[at]));
  return selectExamples(set, (example) => chosen.has(set.users[example]));
}

/** At most `count` examples, evenly spread over the set. */
export function evenSelection(set: ExampleSet, count: number): ExampleSet {
  const total = set.targets.length;
  if (total <= count) return set;
  return selectExamples(set, (e) => Math.floor(((e + 1) * count) / total) > Math.floor((e * count) / total));
}

function selectExamples(set: ExampleSet, keep: (example: number) => boolean): ExampleSet {
  const pick = (column: Int32Array): Int32Array => column.filter((_, example) => keep(example));
  return { ...set, users: pick(set.users), starts: pick(set.starts), targets: pick(set.targets) };
}
