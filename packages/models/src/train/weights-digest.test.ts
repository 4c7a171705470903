import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSafetensors, type StoredTensor } from '../io/safetensors.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinyTrain } from '../test-support/tiny.ts';
import { saveCheckpoint } from './checkpoint.ts';
import { exportWeights } from './export-weights.ts';
import { createTrainer } from './trainer.ts';
import { weightsDigest } from './weights-digest.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-digest-'));
afterAll(() => rmSync(folder, { recursive: true }));

const quiet = { onNote: () => {} };
let files = 0;
function write(tensors: readonly (readonly [string, StoredTensor])[], metadata: Record<string, string> = {}): string {
  const file = join(folder, `${files++}.safetensors`);
  writeFileSync(file, Buffer.concat(encodeSafetensors({ tensors: new Map(tensors), metadata })));
  return file;
}
const digestOf = async (...tensors: (readonly [string, StoredTensor])[]) =>
  (await weightsDigest(write(tensors), quiet)).digest;

const a = ['a', { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 0) }] as const;
const b = ['b.weight', { shape: [3], data: Float32Array.of(3, 4, 5) }] as const;

describe('weightsDigest', () => {
  it('is sha256 over names, shapes and bytes in the order of the names', async () => {
    const bytes = (data: ArrayBufferView) => Buffer.from(data.buffer);
    const expected = createHash('sha256')
      .update('["a",[2,2]]\n')
      .update(bytes(a[1].data))
      .update('["b.weight",[3]]\n')
      .update(bytes(b[1].data))
      .digest('hex');
    expect(await weightsDigest(write([a, b]), quiet)).toEqual({ digest: expected, weights: 2, numbers: 7 });
  });

  it('does not depend on the order of the tensors, on moments or on metadata', async () => {
    const { digest } = await weightsDigest(write([a, b]), quiet);
    const moment = (m: string) => [`optimizer.${m}/a`, { shape: [2, 2], data: new Float32Array(4) }] as const;
    expect(await digestOf(b, a)).toBe(digest);
    expect(await digestOf(moment('v'), b, moment('m'), a)).toBe(digest);
    expect((await weightsDigest(write([b, a], { by: 'another program' }), quiet)).digest).toBe(digest);
  });

  it('changes with one bit, one name and one shape', async () => {
    const digests = new Set([await digestOf(a, b)]);
    for (let bit = 0; bit < 8 * b[1].data.byteLength; bit++) {
      const data = b[1].data.slice();
      new Uint8Array(data.buffer)[bit >> 3] ^= 1 << (bit & 7);
      digests.add(await digestOf(a, ['b.weight', { shape: [3], data }]));
    }
    digests.add(await digestOf(a, ['b.bias', b[1]]));
    digests.add(await digestOf(a, ['b.weight', { ...b[1], shape: [3, 1] }]));
    digests.add(await digestOf(a));
    expect(digests.size).toBe(1 + 96 + 3);
  });

  it('is the same of a checkpoint and of the weights alone', async () => {
    await useBackend('cpu');
    const trainer = createTrainer({
      model: createModel(tinyConfigs.hstu, { numItems: 20, seed: 1 }),
      examples: tinyTrain(),
      batchSize: 5,
      learningRate: 0.01,
      numNegatives: 6,
      seed: 4,
    });
    const saved = async (name: string) => {
      const file = join(folder, name);
      await saveCheckpoint(file, trainer);
      return file;
    };
    const before = await weightsDigest(await saved('before.safetensors'));
    await trainer.step();
    const after = await weightsDigest(await saved('after.safetensors'));
    expect(after).toMatchObject({ weights: before.weights, numbers: before.numbers });
    expect(after.digest).not.toBe(before.digest);
    const exported = join(folder, 'exported.safetensors');
    await exportWeights(join(folder, 'after.safetensors'), exported, { referenceBuffers: true });
    expect(await weightsDigest(exported)).toEqual(after);
  });

  it('refuses whole numbers and a damaged file', async () => {
    const file = write([['n', { shape: [1], data: Int32Array.of(1) }]]);
    await expect(weightsDigest(file, quiet)).rejects.toThrow(
      `safetensors: ${file}: 'n': expected F32, F64, F16 or BF16; got I32`,
    );
    const gone = join(folder, 'gone.safetensors');
    await expect(weightsDigest(gone)).rejects.toThrow(`checkpoint: ${gone}: expected a readable file`);
  });
});
