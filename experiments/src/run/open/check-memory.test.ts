import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recipeConfigSchema } from '../../config/schema.ts';
import { prepareData } from '../../data/dataset.ts';
import { Progress } from '../../terminal/progress.ts';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { runIds } from '../loop/run-ids.ts';
import { memoryParts } from './check-memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-memory-'));
const progress = new Progress({ quiet: true });

beforeAll(async () => {
  await useBackend('auto');
  writeShop(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a history that is cut at random counts as long as the mean of its starts', async () => {
  const shop = codedShop(folder);
  const t5 = { kind: 't5', embeddingDim: 16, maxSequenceLength: 5, numHeads: 2, headDim: 8, ffnDim: 16 };
  const tokensOf = async (cuts: string): Promise<number> => {
    const model = { ...t5, encoderBlocks: 1, decoderBlocks: 1, cuts };
    const config = recipeConfigSchema().parse({ ...shop, model, objective: { ...shop.objective, temperature: 1 } });
    const data = await prepareData(config.data, folder, progress);
    const generation = (await runIds(config, data, { progress }))!;
    const batch = memoryParts(config, { ...data, generation }).find(({ what }) => what.startsWith('a batch'));
    return Number(/[\d.]+/.exec(batch!.what)![0]);
  };
  // Every history has at least five events; three codes an item.
  expect(await tokensOf('last')).toBe(8 * 5 * 3);
  expect(await tokensOf('random')).toBe(8 * 3 * 3);
});
