import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadRecipe, recipeNames, resolveConfig, resolveRun } from './load-recipe.ts';
import { isRankingConfig } from './run-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-run-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the task of a recipe chooses its schema', async () => {
  const { config } = await resolveRun({ recipe: 'ctr/ml-1m-lr', overrides: [{ key: 'model.netL2', text: '0.5' }] });
  expect(isRankingConfig(config)).toBe(true);
  expect(config).toMatchObject({ task: { kind: 'ranking', loss: 'binary' }, model: { kind: 'lr', netL2: 0.5 } });
  const { config: retrieval } = await resolveRun({ recipe: 'ml-100k/hstu', overrides: [] });
  expect(retrieval.task).toEqual({ kind: 'retrieval' });
});

test('a file that extends a ranking recipe is of its task', async () => {
  const file = join(folder, 'own.yaml');
  writeFileSync(file, 'extends: ctr/ml-1m-mlp\nmodel: { hiddenSizes: [5] }\n');
  const { name, config } = await resolveRun({ file, overrides: [] });
  expect(name).toBe('own');
  expect(config).toMatchObject({ task: { kind: 'ranking' }, model: { hiddenSizes: [5], embeddingDim: 16 } });
  writeFileSync(file, 'extends: ctr/ml-1m-mlp\nobjective: { kind: full-softmax }\n');
  await expect(resolveRun({ file, overrides: [] })).rejects.toThrow('own.yaml:2:1: objective: unknown key');
});

test('resolveConfig is of retrieval alone', async () => {
  await expect(resolveConfig({ recipe: 'ctr/ml-1m-lr', overrides: [] })).rejects.toThrow(
    'expected the task retrieval, which this command is for; got the recipe ctr/ml-1m-lr of the task ranking',
  );
});

test('every recipe of clicks has a sibling by time that differs in the split alone', async () => {
  const names = recipeNames().filter((name) => name.startsWith('ctr/') && !name.endsWith('-by-time'));
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) {
    const [{ config }, { config: byTime }] = await Promise.all([loadRecipe(name), loadRecipe(`${name}-by-time`)]);
    expect(byTime).toEqual({
      ...config,
      data: { ...config.data, split: expect.objectContaining({ kind: 'rows-by-time' }) },
    });
  }
});
