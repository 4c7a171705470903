// Weights into a model that takes other items for trained than the one that they are of.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createModel, createTrainer, fitFeatures, type TokenEncoder } from '../index.ts';
import { configOf, ITEMS, split } from '../test-support/feature-world.ts';
import { saveCheckpoint } from './checkpoint.ts';
import { exportWeights } from './export-weights.ts';
import { loadWeights } from './load-weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-load-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => tf.setBackend('cpu'));

const config = configOf('sasrec');
const features = fitFeatures(config, split.train)!;
const modelOf = (trained: Uint8Array): TokenEncoder =>
  createModel(config, { numItems: ITEMS, seed: 2, features: { ...features, trained } }) as TokenEncoder;

it('are noted, and refused where features must be the same', async () => {
  const model = modelOf(features.trained);
  const trainer = createTrainer({ model, examples: split.train, batchSize: 4, learningRate: 0.01, numNegatives: 3 });
  const [checkpoint, exported] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')];
  await saveCheckpoint(checkpoint, trainer);
  await exportWeights(checkpoint, exported);
  const changed = features.trained.map((trained, item) => (item === 1 || item === 2 ? 1 - trained : trained));
  const [same, other] = [modelOf(features.trained), modelOf(changed)];
  for (const file of [checkpoint, exported]) {
    const notes: string[] = [];
    const options = { onNote: (note: string) => notes.push(note) };
    await loadWeights(file, same, { ...options, sameFeatures: true });
    expect(notes).toEqual([]);
    await loadWeights(file, other, options);
    expect(notes).toEqual([
      `${file}: 2 items have training rows in one of the two alone: those of the model here are taken for trained`,
    ]);
    await expect(loadWeights(file, other, { ...options, sameFeatures: true })).rejects.toThrow(
      `checkpoint: ${file}: expected items with training rows as here; got 2 that have some in one of the two alone`,
    );
  }
  trainer.dispose();
  for (const each of [model, same, other]) each.dispose();
});
