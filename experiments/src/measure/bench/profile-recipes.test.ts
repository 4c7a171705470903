import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';
import { profileSteps } from './profile.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-profile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('times a step of codes, and has no generated sequences for it', async () => {
  writeShop(folder);
  const overrides = Object.entries(codedShop(folder)).map(([key, value]) => ({ key, text: JSON.stringify(value) }));
  const request = { recipe: 'csv/sasrec', overrides, backend: { threads: 1 }, quiet: true, steps: 1 };
  const { kernels } = await profileSteps(request);
  expect(kernels.find(({ kernel }) => kernel === 'AdamWStep')?.calls).toBeGreaterThan(0);
  await expect(profileSteps({ ...request, standInItems: 50 })).rejects.toThrow(
    '--items: expected a recipe of retrieval; got one of generation',
  );
});

it('times generated sequences over items that no data at hand has', async () => {
  const small = ['--model.maxSequenceLength', '5', '--model.embeddingDim', '8', '--training.batchSize', '2'];
  const { code, output, errors } = await runMain(
    ...['profile', 'ml-20m/hstu', '--items', '50', '--steps', '1', '--quiet', ...small],
  );
  expect([code, errors]).toEqual([0, '']);
  expect(output).toMatch(/SampledSoftmax +\d+/);
});

it('has none for a recipe of rows', async () => {
  const { code, errors } = await runMain('profile', 'ranker/dlrm-v3-small-dcn-v2', '--items', '50', '--quiet');
  expect(code).toBe(2);
  expect(errors).toContain('--items: expected a recipe of retrieval; got one of rows');
});
