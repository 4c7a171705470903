// Running values of a model: kept with its weights, moved by training, and by nothing else.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { runRanks } from '@seqrec/core/collectives';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, TrainingError } from '../errors.ts';
import { fitFields } from '../features/fit-fields.ts';
import { uploadBatch } from '../inputs.ts';
import { isRunning } from '../layers/layer.ts';
import { RunningStatistics } from '../layers/running.ts';
import type { Ranker } from '../model.ts';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { rankingTask } from '../tasks/ranking/task.ts';
import { ITEMS, rowWorld, USERS } from '../test-support/row-world.ts';
import { loadCheckpoint, loadModel, saveCheckpoint } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint-file.ts';
import { exportWeights } from './export-weights.ts';
import { loadWeights } from './load-weights.ts';
import type { TrainerOptions } from './options.ts';
import { createTrainer, type Trainer } from './trainer.ts';
import { weightsDigest } from './weights-digest.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-running-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await useBackend('auto');
});

const { train, test } = rowWorld();
type Options = Partial<TrainerOptions<Ranker>>;
const RUNNING = ['attention.0.bn.running_mean', 'attention.0.bn.running_var'].flatMap((name) => [
  name,
  name.replace('attention', 'deep'),
]);

function modelOf(settings: object = {}): Ranker {
  const config = {
    ...{ kind: 'din', embeddingDim: 4, embeddingStd: 0.3, hiddenSizes: [6], attentionHiddenSizes: [5] },
    ...{ attentionActivation: 'dice', hiddenActivation: 'dice', userHistory: { maxEvents: 5 }, ...settings },
  };
  const sizes = { numUsers: USERS, numItems: ITEMS, seed: 2, features: fitFields({}, train) };
  return createModel(config as never, sizes) as unknown as Ranker;
}

function trainerOf(options: Options = {}, settings: object = {}): Trainer<Ranker> {
  const task = rankingTask({}, ['clicked']);
  const model = modelOf(settings);
  return createTrainer({ model, examples: train, task, batchSize: 40, learningRate: 0.05, seed: 1, ...options });
}

const running = (model: Ranker): Record<string, number[]> =>
  Object.fromEntries(
    [...model.variables()].filter(([, each]) => isRunning(each)).map(([name, each]) => [name, [...each.dataSync()]]),
  );

function logitsOf(model: Ranker, run: object = {}): number[] {
  const batch = uploadBatch(makeBatch(test, [...test.targets.keys()], model.columns));
  const logits = tf.tidy(() => model.logits(batch, { training: false, step: 0, seed: 0, ...run }).dataSync());
  batch.dispose();
  return [...logits];
}

function freeAll(...trainers: readonly Trainer<Ranker>[]): void {
  for (const trainer of trainers) {
    trainer.dispose();
    trainer.model.dispose();
  }
}

it('a step moves them by what its forward pass saw, and leaves no tensor behind', async () => {
  const trainer = trainerOf();
  const other = modelOf();
  expect(Object.keys(running(other)).sort()).toEqual([...RUNNING].sort());
  // The first step makes the moments.
  await trainer.step();
  const { numTensors } = tf.memory();
  await trainer.step();
  expect(tf.memory().numTensors).toBe(numTensors);
  const again = trainerOf();
  for (let step = 0; step < 2; step++) {
    const now = await readParameters(again.model);
    for (const [name, variable] of other.variables()) {
      tf.tidy(() => variable.assign(tf.tensor(now[name].data as Float32Array, variable.shape)));
    }
    const batch = uploadBatch(makeBatch(train, again.batchIndices(0, step), other.columns));
    const statistics = new RunningStatistics();
    tf.tidy(() => other.logits(batch, { training: true, step, seed: 1, statistics }));
    statistics.apply();
    batch.dispose();
    const before = running(again.model);
    await again.step();
    expect(running(again.model)).toEqual(running(other));
    for (const [name, values] of Object.entries(running(again.model))) expect(values).not.toEqual(before[name]);
  }
  expect(running(trainer.model)).toEqual(running(other));
  other.dispose();
  freeAll(trainer, again);
});

it('evaluation reads them and leaves them alone', async () => {
  const trainer = trainerOf();
  await trainer.steps(3);
  const { model } = trainer;
  const held = running(model);
  const logits = logitsOf(model);
  expect(logitsOf(model, { training: true })).not.toEqual(logits);
  expect(logitsOf(model)).toEqual(logits);
  expect(running(model)).toEqual(held);
  for (const name of RUNNING) {
    const variable = model.variables().get(name)!;
    tf.tidy(() => variable.assign(tf.add(variable, 0.5)));
    expect(logitsOf(model), name).not.toEqual(logits);
    tf.tidy(() => variable.assign(tf.tensor1d(held[name])));
  }
  freeAll(trainer);
});

it.each<[string, Options, object]>([
  ['weight decay', { weightDecay: 0.5 }, {}],
  ['coupled decay', { kind: 'adagrad', weightDecay: 0.5 }, {}],
  ['Muon', { kind: 'muon', weightDecay: 0.5 }, {}],
  ['a clipped norm', { clipNorm: 1e-3 }, {}],
  ['a regulariser', {}, { netL2: 0.5 }],
])('%s does not touch them', async (_, options, settings) => {
  const plain = trainerOf();
  const own = trainerOf(options, settings);
  for (const trainer of [plain, own]) await trainer.step();
  expect(running(own.model)).toEqual(running(plain.model));
  const penalty = own.model.penalty?.();
  if (penalty !== undefined) {
    const values = await readParameters(own.model);
    const squares = Object.entries(values)
      .filter(([name]) => !name.startsWith('fields.') && !name.startsWith('history.') && !RUNNING.includes(name))
      .flatMap(([, { data }]) => [...data])
      .reduce((sum, x) => sum + x * x, 0);
    expect((await penalty.data())[0]).toBeCloseTo(0.25 * squares, 4);
    penalty.dispose();
  }
  freeAll(plain, own);
});

it('a step whose loss is not finite leaves them as they were', async () => {
  await useBackend('cpu');
  const trainer = trainerOf();
  await trainer.steps(2);
  const held = running(trainer.model);
  const { numTensors } = tf.memory();
  const bias = trainer.model.variables().get('deep.1.bias')!;
  tf.tidy(() => bias.assign(tf.fill(bias.shape, Number.NaN)));
  await expect(trainer.step()).rejects.toThrow(TrainingError);
  expect(running(trainer.model)).toEqual(held);
  expect(tf.memory().numTensors).toBe(numTensors);
  freeAll(trainer);
  await useBackend('auto');
});

describe.each<[string, Options]>([
  ['AdamW', { weightDecay: 0.01 }],
  ['averaged weights', { weightAverage: { decay: 0.8 } }],
  ['tables by rows', { embeddings: 'rowwise', clipNorm: 1 }],
])('with %s', (name, options) => {
  const file = join(folder, `${name}.safetensors`);

  it('a resumed run equals an uninterrupted one bit for bit', async () => {
    const straight = trainerOf(options);
    await straight.steps(9);
    const first = trainerOf(options);
    await first.steps(4);
    await saveCheckpoint(file, first);
    const second = trainerOf(options);
    await loadCheckpoint(file, second);
    expect(running(second.model)).toEqual(running(first.model));
    await second.steps(5);
    expect(await readParameters(second.model)).toEqual(await readParameters(straight.model));
    for (const [weight, average] of straight.update.average?.state() ?? []) {
      expect([...second.update.average!.state().get(weight)!.dataSync()]).toEqual([...average.dataSync()]);
    }
    const ends = [join(folder, `${name} a.safetensors`), join(folder, `${name} b.safetensors`)];
    await saveCheckpoint(ends[0], straight);
    await saveCheckpoint(ends[1], second);
    expect(await weightsDigest(ends[0])).toEqual(await weightsDigest(ends[1]));
    freeAll(straight, first, second);
  });

  it('a checkpoint and its exported weights hold them', async () => {
    const trainer = trainerOf(options);
    await trainer.steps(4);
    await saveCheckpoint(file, trainer);
    const weights = join(folder, `${name} weights.safetensors`);
    const written = (await exportWeights(file, weights)).map((each) => each.name);
    expect(written).toEqual(expect.arrayContaining(RUNNING));
    await trainer.update.averaged(async () => {
      const [expected, logits] = [running(trainer.model), logitsOf(trainer.model)];
      const fresh = modelOf();
      await loadWeights(weights, fresh, { onNote: () => {} });
      for (const model of [await loadModel(file), await loadModel(weights), fresh]) {
        expect(running(model as unknown as Ranker)).toEqual(expected);
        expect(logitsOf(model as unknown as Ranker)).toEqual(logits);
        model.dispose();
      }
    });
    freeAll(trainer);
  });
});

it('averages take them as they are', async () => {
  const decay = 0.5;
  const trainer = trainerOf({ weightAverage: { decay } });
  await trainer.steps(2);
  const held = running(trainer.model);
  const slope = () => [...trainer.model.variables().get('deep.0.alpha')!.dataSync()];
  const raw = slope();
  await trainer.update.averaged(async () => {
    expect(running(trainer.model)).toEqual(held);
    expect(slope()).not.toEqual(raw);
  });
  const file = join(folder, 'averages.safetensors');
  await saveCheckpoint(file, trainer);
  const { parameters, moments } = await readCheckpoint(file);
  for (const name of RUNNING) {
    expect([...parameters[name].data]).toEqual(held[name]);
    expect(moments.get(name)).toBeUndefined();
  }
  freeAll(trainer);
});

describe('parts and ranks', () => {
  const hint = 'take another activation than dice, or a smaller batch';
  const expected =
    "expected whole batches in one process for a model that reads statistics of its batch, of which it keeps 'attention.0.bn.running_mean'";

  it('are refused, since each part would be normalised by its own statistics', async () => {
    expect(() => trainerOf({ parts: 2 })).toThrow(ConfigError);
    expect(() => trainerOf({ parts: 2 })).toThrow(`trainer: parts: ${expected}; got 2 parts; ${hint}`);
    const messages = await runRanks(2, async (ranks) => {
      try {
        // As many parts as ranks are what a run has by itself.
        trainerOf({ ranks, ...(ranks.rank === 0 && { parts: 2 }) });
        return 'none';
      } catch (error) {
        return (error as Error).message;
      }
    });
    for (const message of messages) expect(message).toBe(`trainer: ranks: ${expected}; got 2 ranks; ${hint}`);
  });

  it('are taken of a model without', async () => {
    const relu = { attentionActivation: 'relu', hiddenActivation: 'relu' };
    freeAll(trainerOf({ parts: 2 }, relu));
    const [bits, alone] = [
      await runRanks(1, async (ranks) => {
        const trainer = trainerOf({ ranks });
        await trainer.steps(2);
        return readParameters(trainer.model);
      }),
      trainerOf(),
    ];
    await alone.steps(2);
    expect(bits).toEqual([await readParameters(alone.model)]);
    freeAll(alone);
  });
});
