import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fitFields } from '../features/fit-fields.ts';
import { uploadBatch } from '../inputs.ts';
import { rankingTask } from '../tasks/ranking/task.ts';
import { makeRanker, rowModels, type SmallRanker } from '../test-support/row-models.ts';
import { ITEMS, ROW_FEATURES, rowWorld, USERS } from '../test-support/row-world.ts';
import { createTrainer } from '../train/trainer.ts';

const absent = await useBackend('webgpu').then(
  () => undefined,
  (error: Error) => error.message,
);

const settings = { features: ROW_FEATURES, embeddingStd: 0.5 };
const { train, test } = rowWorld();
const features = fitFields(settings, train);

/** Losses of two steps, of which the second follows from the gradients of the first, and the logits after them. */
async function figuresOn(backend: 'cpu' | 'webgpu', small: SmallRanker): Promise<number[]> {
  await useBackend(backend);
  const model = makeRanker(small, settings, { numUsers: USERS, numItems: ITEMS, seed: 2, features });
  const task = rankingTask({ loss: 'binary' }, ['clicked']);
  const trainer = createTrainer({ model, examples: train, task, batchSize: 8, learningRate: 0.01, seed: 1 });
  const losses = (await trainer.steps(2)).map(({ loss }) => loss);
  const batch = uploadBatch(makeBatch(test, [5, 1, 20, 7, 12, 3, 3], model.columns));
  const logits = tf.tidy(() => model.logits(batch, { training: false, step: 0, seed: 0 }));
  const figures = [...losses, ...(await logits.data())];
  logits.dispose();
  batch.dispose();
  return figures;
}

describe.skipIf(absent !== undefined)(absent === undefined ? 'on a GPU' : `on a GPU (absent: ${absent})`, () => {
  it.each(Object.entries(rowModels))('%s learns and judges rows as on cpu', async (_, small) => {
    const expected = await figuresOn('cpu', small);
    const figures = await figuresOn('webgpu', small);
    expect(figures).toHaveLength(expected.length);
    for (const [i, figure] of figures.entries()) expect(Math.abs(figure - expected[i])).toBeLessThan(1e-3);
  });
});
