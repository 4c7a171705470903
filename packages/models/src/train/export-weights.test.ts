import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.ts';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { loadCheckpoint, loadModel, saveCheckpoint } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint-file.ts';
import { exportWeights } from './export-weights.ts';
import { modelFromBytes } from './model-from-bytes.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-export-'));
const whole = join(folder, 'whole.safetensors');
const weights = join(folder, 'weights.safetensors');
let trainer: Trainer;

beforeAll(async () => {
  await useBackend('cpu');
  trainer = createTrainer({
    model: createModel(tinyConfigs.hstu, { numItems: 20, seed: 1 }),
    examples: tinyTrain(),
    batchSize: 5,
    learningRate: 0.01,
    numNegatives: 6,
    seed: 4,
  });
  await trainer.step();
  await saveCheckpoint(whole, trainer, { private: 'of the run' });
  await exportWeights(whole, weights, { extra: { title: 'of the copy' } });
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('exportWeights', () => {
  it('keeps weights, configuration and position, and leaves the moments out', async () => {
    const [before, after] = [await readCheckpoint(whole), await readCheckpoint(weights)];
    expect(before.moments.size).toBeGreaterThan(0);
    expect(after.moments.size).toBe(0);
    expect(after.parameters).toEqual(before.parameters);
    expect(after.state).toEqual(before.state);
    expect(after.extra).toEqual({ title: 'of the copy' });
    expect(statSync(weights).size).toBeLessThan(statSync(whole).size / 2);
  });

  it('loads from the file and from memory', async () => {
    const expected = await readParameters(await loadModel(whole));
    expect(await readParameters(await loadModel(weights))).toEqual(expected);
    const bytes = new Uint8Array(readFileSync(weights));
    expect(await readParameters(await modelFromBytes(bytes))).toEqual(expected);
  });

  it('does not copy a damaged checkpoint', async () => {
    const bytes = readFileSync(whole);
    bytes[bytes.length - 2] ^= 1;
    const damaged = join(folder, 'damaged.safetensors');
    writeFileSync(damaged, bytes);
    await expect(exportWeights(damaged, join(folder, 'never.safetensors'))).rejects.toThrow(
      "expected 'optimizer.v/_hstu._attention_layers.1._o.bias' with the stored checksum; got other bytes; the file is damaged",
    );
    expect(() => statSync(join(folder, 'never.safetensors'))).toThrow('ENOENT');
    await expect(exportWeights(whole, join(damaged, 'below-a-file.safetensors'))).rejects.toThrow(CheckpointError);
  });

  it('gives the reference what its models keep beside their weights: the causal mask', async () => {
    const file = join(folder, 'reference.safetensors');
    const written = await exportWeights(whole, file, { referenceBuffers: true });
    const { maxSequenceLength, outputLength } = trainer.model.config as Record<string, number>;
    const n = maxSequenceLength + outputLength;
    expect(written.at(-1)).toEqual({ name: '_attn_mask', dtype: 'BOOL', shape: [n, n], part: 'reference' });
    expect(written.map(({ name }) => name)).toEqual([...trainer.model.variables().keys(), '_attn_mask']);
    const mask = readFileSync(file).subarray(-n * n);
    const expected = Array.from({ length: n * n }, (_, i) => (i % n > Math.floor(i / n) ? 1 : 0));
    expect([...mask]).toEqual(expected);
    expect(await readParameters(await loadModel(file))).toEqual(await readParameters(trainer.model));
  });

  it('is nothing to go on training from', async () => {
    await expect(loadCheckpoint(weights, trainer)).rejects.toThrow(
      `checkpoint: ${weights}: expected moments of the optimiser after 1 steps; got weights alone, as exportWeights writes them; go on from a checkpoint of the run`,
    );
    await loadCheckpoint(whole, trainer);
  });
});
