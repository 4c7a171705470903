import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { latestWindow } from '@seqrec/data';
import { evaluate, loadModel, saveCheckpoint } from '@seqrec/models';
import { expect, it } from 'vitest';
import { recipeConfigSchema } from '../../config/schema.ts';
import { prepareData } from '../../data/dataset.ts';
import { evaluateCadences } from '../../run/evaluation/future.ts';
import { saveRanks } from '../../run/folder/ranks.ts';
import { runDirAt } from '../../run/folder/run-dir.ts';
import { makeTrainer } from '../../run/open/make-trainer.ts';
import { Progress } from '../../terminal/progress.ts';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { COLD_METRICS } from './cold-items.ts';
import { futureMetrics, namedMetrics } from './future-metrics.ts';
import { loadTable, tableNames } from './load-table.ts';
import { FUTURE_METRICS } from './table.ts';

const cadence = (recall: number) => ({ metrics: { 'Recall@10': recall, 'P90Coverage@10': recall / 10 } });

it('one vector gives recall and coverage, the others recall; kept daily is their ratio', () => {
  const metrics = namedMetrics({ once: cadence(0.2), daily: cadence(0.3), realtime: cadence(0.4) });
  expect(metrics).toEqual({
    'Recall@10': 0.2,
    'P90Coverage@10': 0.02,
    'Recall@10, daily': 0.3,
    'Recall@10, real time': 0.4,
    'kept daily': 0.3 / 0.4,
  });
  expect(namedMetrics({ once: cadence(0), daily: cadence(0), realtime: cadence(0) })['kept daily']).toBe(0);
  expect(Object.keys(metrics).filter((name) => !(FUTURE_METRICS as readonly string[]).includes(name))).toEqual([]);
});

it('tables over a window of the future name its metrics', async () => {
  const tables = await Promise.all(tableNames().map(loadTable));
  const windows = tables.filter((table) => table.future !== undefined);
  expect(windows.length).toBeGreaterThan(0);
  for (const { metrics, coldItems } of windows) {
    const known: readonly string[] = [...FUTURE_METRICS, 'HR@10', 'NDCG@10', ...(coldItems ? COLD_METRICS : [])];
    expect(metrics.filter((name) => !known.includes(name))).toEqual([]);
    expect(metrics.some((name) => (FUTURE_METRICS as readonly string[]).includes(name))).toBe(true);
  }
});

it('is of the checkpoint that the test figures are of, also where one of the other is kept', async () => {
  await useBackend('auto');
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-future-'));
  writeShop(folder);
  // All users at once, so that a cut in time has some of each before it.
  const events = Array.from({ length: 480 }, (_, k) => `u${k % 40},i${((k % 40) + Math.floor(k / 40)) % 24},${k}`);
  writeFileSync(join(folder, 'shop.csv'), ['user,item,timestamp', ...events].join('\n'));
  const run = runDirAt(join(folder, 'run'));
  mkdirSync(join(run.path, 'checkpoints'), { recursive: true });
  const progress = new Progress({ quiet: true });
  const { task: _, data: source, ...shop } = codedShop(folder);
  const config = recipeConfigSchema().parse({ ...shop, data: { ...source, split: 'global-time' } });
  const data = await prepareData(config.data, folder, progress);
  const trainer = await makeTrainer(config, data, {}, { progress });
  await saveCheckpoint(run.best, trainer);
  for (let epoch = 0; epoch < 5; epoch++) await trainer.runEpoch();
  await saveCheckpoint(run.last, trainer);
  const evaluation = await evaluate({
    model: trainer.model,
    examples: latestWindow(data.split.test, { maxLength: 5 }),
    ks: [1],
  });
  trainer.dispose();
  trainer.model.dispose();
  const window = { days: 1, excludeSeen: false };
  const of = async (file: string): Promise<object> => {
    const model = await loadModel(file);
    const figures = await evaluateCadences(model, data.split, { ...window, part: 'test', progress });
    model.dispose();
    return namedMetrics(Object.fromEntries(figures));
  };
  const [best, last] = [await of(run.best), await of(run.last)];
  expect(best).not.toEqual(last);
  const stop = { signal: undefined } as never;
  for (const [checkpoint, figures] of [
    ['last', last],
    ['best', best],
    ['best', best],
  ] as const) {
    await saveRanks(run.ranks, evaluation, checkpoint);
    expect(await futureMetrics(run, window, { data, progress, stop })).toEqual(figures);
  }
  rmSync(folder, { recursive: true, force: true });
});
