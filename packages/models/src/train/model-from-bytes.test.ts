import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CheckpointError } from '../errors.ts';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { loadModel, saveCheckpoint } from './checkpoint.ts';
import { modelFromBytes } from './model-from-bytes.ts';
import { createTrainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-bytes-'));
const file = join(folder, 'a.safetensors');
let bytes: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  await useBackend('cpu');
  const model = createModel(tinyConfigs.hstu, { numItems: 20, seed: 1 });
  const trainer = createTrainer({
    model,
    examples: tinyTrain(),
    batchSize: 5,
    learningRate: 0.01,
    numNegatives: 6,
    seed: 4,
  });
  await trainer.step();
  await saveCheckpoint(file, trainer);
  bytes = new Uint8Array(readFileSync(file));
});

afterAll(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

describe('modelFromBytes', () => {
  it('builds what loadModel builds from the file', async () => {
    const [ours, theirs] = [await modelFromBytes(bytes), await loadModel(file)];
    expect(ours.config).toEqual(theirs.config);
    expect(await readParameters(ours)).toEqual(await readParameters(theirs));
  });

  it('reads bytes that are not aligned', async () => {
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    expect((await modelFromBytes(shifted)).numItems).toBe((await loadModel(file)).numItems);
  });

  it('refuses damaged weights, and without crypto.subtle takes them', async () => {
    const copy = Uint8Array.from(bytes);
    copy[copy.length - 2] ^= 1;
    await expect(modelFromBytes(copy, 'a.safetensors')).rejects.toThrow(
      "checkpoint: a.safetensors: expected 'optimizer.v/_hstu._attention_layers.1._o.bias' with the stored checksum; got other bytes; the file is damaged",
    );
    vi.stubGlobal('crypto', {});
    expect((await modelFromBytes(copy)).kind).toBe('hstu');
    vi.unstubAllGlobals();
  });

  it('refuses bytes that are no checkpoint', async () => {
    await expect(modelFromBytes(bytes.subarray(0, 100))).rejects.toThrow(CheckpointError);
  });
});
