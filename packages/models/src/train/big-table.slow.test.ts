import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { removeSimdBackend, type SimdBackend } from '@seqrec/core/simd';
import { latestWindow, leaveLastOut, zipfWorld } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-big-table-'));
const ITEMS = 1_100_000;
const D = 64;

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await removeSimdBackend();
});

function trainerOf(): Trainer<TokenEncoder> {
  const shape = { embeddingDim: D, maxSequenceLength: 10, numBlocks: 1, numHeads: 1, dqk: 16, dv: 16 } as const;
  const model = createModel({ kind: 'hstu', ...shape }, { numItems: ITEMS, seed: 1 });
  const world = zipfWorld({ users: 64, items: ITEMS, length: 12, seed: 2 });
  const examples = latestWindow(leaveLastOut(world).train, { maxLength: 10 });
  return createTrainer({ model, examples, batchSize: 16, learningRate: 1e-3, numNegatives: 16, seed: 3 });
}

it('a table of several blocks starts, trains, is saved and resumed without a second copy in the heap', async () => {
  const { heap } = tf.backend() as SimdBackend;
  const tableBytes = 4 * D * (ITEMS + 1);
  const trainer = trainerOf();
  // The table and, beside it, its first moments.
  expect(heap.peak).toBeLessThan(2.2 * tableBytes);
  // Chosen by size.
  expect(trainer.options.embeddings).toBe('rowwise');
  for (let i = 0; i < 3; i++) await trainer.step();
  const file = join(folder, 'big.safetensors');
  heap.resetPeak();
  const before = heap.used;
  await saveCheckpoint(file, trainer);
  expect(heap.peak - before).toBeLessThan(2 ** 27);
  expect(heap.used).toBe(before);
  const losses = [(await trainer.step()).loss, (await trainer.step()).loss];
  const weights = trainer.model.itemTable().dataSync();
  trainer.dispose();
  trainer.model.dispose();

  const resumed = trainerOf();
  await loadCheckpoint(file, resumed);
  expect([(await resumed.step()).loss, (await resumed.step()).loss]).toEqual(losses);
  expect(Buffer.compare(Buffer.from(resumed.model.itemTable().dataSync().buffer), Buffer.from(weights.buffer))).toBe(0);
  resumed.dispose();
  resumed.model.dispose();
});
