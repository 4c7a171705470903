import type { ExampleSet } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../test/part.ts';
import { ConfigError, TrainingError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import type { Objective } from '../objectives/objective.ts';
import { sampledSoftmaxObjective } from '../objectives/sampled-softmax.ts';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit, tinyTrain } from '../test-support/tiny.ts';
import type { TrainerOptions } from './options.ts';
import { createTrainer, type Trainer } from './trainer.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const owned: { dispose(): void }[] = [];
afterEach(() => {
  for (const each of owned.splice(0)) each.dispose();
});

const settings = { batchSize: 5, learningRate: 0.01, numNegatives: 6, seed: 4 };
function setUp(
  options: Partial<TrainerOptions<TokenEncoder>> = {},
  name = 'hstu',
): { model: TokenEncoder; trainer: Trainer } {
  const model = options.model ?? createModel(tinyConfigs[name], { numItems: 20, seed: 1 });
  const trainer = createTrainer({ examples: tinyTrain(), ...settings, ...options, model });
  owned.push(trainer, model);
  return { model, trainer };
}

describe.each(Object.keys(tinyConfigs))('training %s', (name) => {
  it('leaks no tensor after the first step', async () => {
    const { trainer } = setUp({}, name);
    await trainer.step();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) await trainer.step();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it.each(part(Object.keys(tinyConfigs), 4))('training %s lowers the loss', async (name) => {
  const { trainer } = setUp({}, name);
  const first = await trainer.runEpoch();
  for (let i = 0; i < 15; i++) await trainer.runEpoch();
  const last = await trainer.runEpoch();
  expect(last.meanLoss).toBeLessThan(first.meanLoss - 0.2);
});

describe('Trainer', () => {
  it('counts steps and epochs, and reports every step', async () => {
    const { trainer } = setUp();
    expect(trainer.progress).toEqual({ epoch: 0, stepInEpoch: 0, stepsPerEpoch: 3, globalStep: 0 });
    const seen: number[][] = [];
    const result = await trainer.runEpoch({
      onStep: ({ epoch, stepInEpoch, globalStep, sequences }) => seen.push([epoch, stepInEpoch, globalStep, sequences]),
    });
    expect(seen).toEqual([
      [0, 0, 0, 5],
      [0, 1, 1, 5],
      [0, 2, 2, 2],
    ]);
    expect(result).toMatchObject({ epoch: 0, interrupted: false });
    expect(trainer.progress).toEqual({ epoch: 1, stepInEpoch: 0, stepsPerEpoch: 3, globalStep: 3 });
  });

  it('sees every example once an epoch, in an order of its own unless shuffle is off', async () => {
    const orders: string[] = [];
    const seen: number[] = [];
    const spy = (examples: ExampleSet): ExampleSet => ({
      ...examples,
      users: new Proxy(examples.users, {
        get: (target, key) => {
          if (typeof key === 'string' && /^\d+$/.test(key)) seen.push(Number(key));
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
    });
    const { trainer } = setUp({ examples: spy(tinyTrain()) });
    for (let epoch = 0; epoch < 2; epoch++) {
      seen.length = 0;
      await trainer.runEpoch();
      orders.push(seen.join());
      expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    }
    expect(orders[0]).not.toBe(orders[1]);
    const straight = setUp({ examples: spy(tinyTrain()), shuffle: false });
    seen.length = 0;
    await straight.trainer.runEpoch();
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  it('is a function of its seed', async () => {
    const weights = async (seed: number): Promise<unknown> => {
      const { model, trainer } = setUp({ seed });
      await trainer.runEpoch();
      return readParameters(model);
    };
    const first = await weights(4);
    expect(await weights(4)).toEqual(first);
    expect(await weights(5)).not.toEqual(first);
  });

  it('stops between steps when the signal aborts, and goes on from there', async () => {
    const { trainer } = setUp();
    const controller = new AbortController();
    const result = await trainer.runEpoch({ signal: controller.signal, onStep: () => controller.abort() });
    expect(result.interrupted).toBe(true);
    expect(trainer.progress).toMatchObject({ epoch: 0, stepInEpoch: 1 });
    const rest = await trainer.runEpoch();
    const { trainer: straight } = setUp();
    const whole = await straight.runEpoch();
    expect(rest.meanLoss).toBe(whole.meanLoss);
    expect(rest.weight).toBe(whole.weight);
  });

  it('lets timers run between steps', async () => {
    const { trainer } = setUp();
    const controller = new AbortController();
    const timer = setInterval(() => controller.abort(), 0);
    for (let i = 0; i < 50 && !controller.signal.aborted; i++) await trainer.runEpoch({ signal: controller.signal });
    clearInterval(timer);
    expect(controller.signal.aborted).toBe(true);
  });

  it('calls for checkpoints by the number of finished steps', async () => {
    const { trainer } = setUp();
    const at: number[] = [];
    const options = { checkpointEvery: 2, onCheckpoint: (t: Trainer) => void at.push(t.progress.globalStep) };
    await trainer.runEpoch(options);
    await trainer.runEpoch(options);
    expect(at).toEqual([2, 4, 6]);
  });

  it('names step, epoch, batch and learning rate when the loss is not finite, and keeps weights and position', async () => {
    const fine = sampledSoftmaxObjective({ numNegatives: 6 });
    const loss: Objective['loss'] = (context) => {
      const { sum, weight } = fine.loss(context);
      return { sum: tf.mul(sum, context.run.step === 1 ? Number.NaN : 1), weight };
    };
    const { model, trainer } = setUp({ objective: { ...fine, loss }, learningRate: 0.01 });
    await trainer.step();
    const before = await readParameters(model);
    const error = await trainer.step().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TrainingError);
    expect((error as TrainingError).details).toEqual({ step: 1, epoch: 0, stepInEpoch: 1, learningRate: 0.01 });
    expect((error as Error).message).toMatch(
      /train: expected a finite loss; got NaN at step 1 \(epoch 0, batch 1 of 3, examples .*\) with learning rate 0\.01; the weights are those before this step; try a learning rate of 0\.001/,
    );
    expect(await readParameters(model)).toEqual(before);
    expect(trainer.progress.globalStep).toBe(1);
    const tensors = tf.memory().numTensors;
    await trainer.step().catch(() => undefined);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('trains with any objective', async () => {
    const objective: Objective = {
      name: 'cosine',
      settings: {},
      loss: ({ model, batch, run }) => {
        const positives = tf.gather(model.itemVectors(), batch.targets);
        const sum = tf.neg(tf.sum(tf.mul(model.encode(batch, run), positives))) as tf.Scalar;
        return { sum, weight: batch.numTokens };
      },
    };
    const { trainer } = setUp({ objective });
    const first = await trainer.runEpoch();
    for (let i = 0; i < 10; i++) await trainer.runEpoch();
    expect((await trainer.runEpoch()).meanLoss).toBeLessThan(first.meanLoss - 0.1);
  });

  it('passes over examples without history', async () => {
    const train = tinyTrain();
    const starts = train.starts.slice();
    starts[0] = train.targets[0];
    const { trainer } = setUp({ examples: { ...train, starts } });
    expect((await trainer.runEpoch()).tokens).toBe(
      (await setUp().trainer.runEpoch()).tokens - (train.targets[0] - train.starts[0]),
    );
    const empty = setUp({ examples: { ...train, starts: train.targets } });
    expect(await empty.trainer.runEpoch()).toMatchObject({ meanLoss: 0, tokens: 0 });
  });

  it.each([
    [{ batchSize: 0 }, 'trainer: batchSize: expected number >= 1; got 0'],
    [{ learningRat: 1 }, "trainer: learningRat: expected a known key; got 'learningRat'; did you mean 'learningRate'?"],
    [{ beta2: 1 }, 'trainer: beta2: expected number < 1; got 1'],
    [{ numNegatives: 0 }, 'objective: numNegatives: expected an integer >= 1; got 0'],
    [
      { examples: tinySplit({ length: 12 }).train },
      /trainer: examples: expected histories of at most maxSequenceLength = 6; got one of 9; cut them with latestWindow/,
    ],
    [{ examples: tinyTrain({ items: 30 }) }, /expected data over the model's 20 items; got 30/],
  ])('refuses %o', (options, message) => {
    expect(() => setUp(options as Partial<TrainerOptions<TokenEncoder>>)).toThrow(ConfigError);
    expect(() => setUp(options as Partial<TrainerOptions<TokenEncoder>>)).toThrow(message);
  });
});
