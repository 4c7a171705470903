import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceLostError, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const absent = await useBackend('webgpu').then(
  () => undefined,
  (error: Error) => error.message,
);

type Embeddings = 'dense' | 'rowwise';

function trainerOf(embeddings: Embeddings): Trainer {
  const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 1 });
  const settings = { batchSize: 5, learningRate: 0.01, numNegatives: 6, seed: 4, embeddings };
  return createTrainer({ model, examples: tinyTrain(), ...settings });
}

function device(): GPUDevice {
  return (tf.backend() as unknown as { device: GPUDevice }).device;
}

describe.skipIf(absent !== undefined)(absent === undefined ? 'a GPU' : `a GPU (absent: ${absent})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-device-'));
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => {
    process.off('unhandledRejection', note);
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    await useBackend('webgpu');
  });

  // Milliseconds from the start of the step: in its uploads, programs or read, whatever the machine.
  describe.each(['dense', 'rowwise'] as const)('that goes away in a step of %s training', (embeddings) => {
    it.each([0, 2, 10])('%d ms after it began is told by a type, and a checkpoint goes on', async (delay) => {
      const file = join(folder, `${embeddings}-${delay}.safetensors`);
      const trainer = trainerOf(embeddings);
      await trainer.advance();
      await trainer.advance();
      await saveCheckpoint(file, trainer);
      const before = readFileSync(file);
      const expected = (await trainer.step()).loss;

      const lost = device();
      setTimeout(() => lost.destroy(), delay);
      const steps = (async () => {
        for (;;) await trainer.advance();
      })();
      await expect(steps).rejects.toThrow(DeviceLostError);
      await expect(saveCheckpoint(file, trainer)).rejects.toThrow(DeviceLostError);
      expect(readFileSync(file).equals(before)).toBe(true);
      trainer.dispose();
      trainer.model.dispose();

      await useBackend('webgpu');
      expect(device()).not.toBe(lost);
      const again = trainerOf(embeddings);
      await loadCheckpoint(file, again);
      expect((await again.step()).loss).toBe(expected);
      again.dispose();
      again.model.dispose();
    });
  });

  it('that goes away while a checkpoint is written leaves the old one, and no half', async () => {
    const own = mkdtempSync(join(folder, 'own-'));
    const file = join(own, 'last.safetensors');
    const trainer = trainerOf('dense');
    await trainer.step();
    await saveCheckpoint(file, trainer);
    const before = readFileSync(file);
    await trainer.step();
    // Before the third read: some weights have been written by then.
    const backend = tf.backend();
    const read = backend.read.bind(backend);
    let reads = 0;
    backend.read = (dataId) => {
      if (++reads === 3) device().destroy();
      return read(dataId);
    };
    await expect(saveCheckpoint(file, trainer)).rejects.toThrow(DeviceLostError);
    expect(reads).toBe(3);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(own)).toEqual(['last.safetensors']);
  });

  it('leaves no promise that nobody waits for', async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rejections).toEqual([]);
  });
});
