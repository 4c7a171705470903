import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TrainingError } from '../errors.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const absent = await useBackend('webgpu').then(
  () => undefined,
  (error: Error) => error.message,
);

function trainerOf(learningRate = 0.01, embeddings: 'dense' | 'rowwise' = 'dense'): Trainer {
  const model = createModel(tinyConfigs.sasrec, { numItems: 20, seed: 1 });
  const settings = { batchSize: 5, numNegatives: 6, seed: 4, embeddings };
  return createTrainer({ model, examples: tinyTrain(), learningRate, ...settings });
}

describe.skipIf(absent !== undefined)(absent === undefined ? 'on a GPU' : `on a GPU (absent: ${absent})`, () => {
  beforeAll(async () => {
    await useBackend('webgpu');
  });

  it('a loss comes back one step later, the same as of a step that waits for it', async () => {
    const [waiting, trainer] = [trainerOf(), trainerOf()];
    const first = await waiting.step();
    const second = await waiting.step();
    expect(await trainer.advance()).toEqual([]);
    expect(trainer.progress.globalStep).toBe(1);
    const [info] = await trainer.advance();
    expect(info).toMatchObject({ globalStep: 0, loss: first.loss, tokens: first.tokens });
    expect((await trainer.settle())[0]).toMatchObject({ globalStep: 1, loss: second.loss });
    expect(await trainer.settle()).toEqual([]);
    expect(trainer.position).toEqual(waiting.position);
    expect(waiting.position.lossSum).toBeGreaterThan(0);
  });

  it.each(['dense', 'rowwise'] as const)('an epoch tells every step and its mean, %s', async (embeddings) => {
    const trainer = trainerOf(0.01, embeddings);
    const losses: number[] = [];
    const sums: number[] = [];
    let lossSum = 0;
    const result = await trainer.runEpoch({
      onStep: ({ loss, tokens }) => {
        losses.push(loss);
        lossSum += loss * tokens;
      },
      checkpointEvery: 2,
      onCheckpoint: ({ position }) => void sums.push(position.lossSum - lossSum),
    });
    expect(losses).toHaveLength(3);
    expect(sums).toEqual([0]);
    expect(result.meanLoss).toBe(lossSum / result.tokens);
    expect(result.interrupted).toBe(false);
  });

  it('a loss that is not finite is told, with the step it belongs to', async () => {
    const trainer = trainerOf();
    const table = trainer.model.itemTable();
    table.assign(tf.fill(table.shape, Number.NaN) as typeof table);
    await trainer.advance();
    await expect(trainer.advance()).rejects.toThrow(TrainingError);
    await expect(trainer.step()).rejects.toThrow(/got NaN at step 2 .*the weights are spoilt/);
  });
});
