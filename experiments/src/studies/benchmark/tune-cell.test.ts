import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveConfig } from '../../config/load-recipe.ts';
import type { WrittenSpace } from '../../config/search-space.ts';
import { prepareData } from '../../data/dataset.ts';
import { listRuns, openRunDir } from '../../run/folder/run-dir.ts';
import type { StopSignal } from '../../run/process/stop.ts';
import { Progress } from '../../terminal/progress.ts';
import type { SearchResult } from '../search/result.ts';
import type { Cell } from './cell.ts';
import { overridesOf } from './cells.ts';
import type { BenchmarkResult, GridRow } from './result.ts';
import { benchmarkSections } from './sections.ts';
import { tuneCell } from './tune-cell.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-tune-'));
let choice: Awaited<ReturnType<typeof useBackend>>;

beforeAll(async () => {
  choice = await useBackend('simd');
});
afterAll(() => rmSync(folder, { recursive: true }));

const space = { 'optimizer.learningRate': 'loguniform 1e-3 1e-1', 'model.numBlocks': [1, 2] };

async function cellOf(): Promise<Cell> {
  const path = join(folder, 'events.csv');
  const lines = Array.from({ length: 40 * 6 }, (_, i) => `${Math.floor(i / 6)},${(i * 7) % 20},${1000 + i}`);
  writeFileSync(path, `user,item,time\n${lines.join('\n')}\n`);
  const overrides = overridesOf({
    'data.path': path,
    'data.columns.user': 'user',
    'data.columns.item': 'item',
    'data.columns.time': 'time',
    'model.embeddingDim': '8',
    'model.ffnDim': '8',
    'model.maxSequenceLength': '6',
    'objective.numNegatives': '4',
    'training.epochs': '3',
    'training.batchSize': '20',
    'evaluation.ks': '10',
  });
  const { config } = await resolveConfig({ recipe: 'csv/sasrec', overrides });
  return { data: 'tiny', protocol: 'last', model: 'SASRec', loss: 'sampled', recipe: 'csv/sasrec', overrides, config };
}

async function tune(
  cell: Cell,
  more: { readonly stop?: StopSignal; readonly fixed?: string; readonly space?: WrittenSpace | null },
) {
  const progress = new Progress({ quiet: true });
  return tuneCell(cell, {
    budget: { unit: 'flops', most: 1e9 },
    trials: 4,
    space: more.space === null ? undefined : (more.space ?? space),
    fixed: more.fixed === undefined ? [] : [{ key: more.fixed, text: '1' }],
    out: join(folder, more.fixed ?? 'tuning'),
    command: 'seqrec benchmark tiny',
    data: await prepareData(cell.config.data, '', progress),
    ...{ choice, progress, stop: more.stop ?? { signal: undefined, dispose() {} } },
  });
}

it('a cell gets the settings that won on validation, once', async () => {
  const cell = await cellOf();
  const { settings, config } = await tune(cell, {});
  expect(settings).toMatchObject({ data: 'tiny', protocol: 'last', row: 'SASRec, sampled', metric: 'NDCG@10' });
  expect(settings.tuning).toBe('4 trials, 1.00e+9 FLOP');
  expect(config.optimizer.learningRate).toBe(Number(settings.settings['optimizer.learningRate']));
  expect(config.model).toMatchObject({ embeddingDim: 8, numBlocks: Number(settings.settings['model.numBlocks']) });

  const own = join(folder, 'tuning', 'tiny-last-SASRec-sampled');
  const { trials, winner } = JSON.parse(readFileSync(join(own, 'trials.json'), 'utf8')) as SearchResult;
  expect(trials[winner! - 1].value).toBe(Math.max(...trials.map(({ value }) => value ?? 0)));
  const runs = listRuns(join(own, 'trials'));
  expect(runs).toHaveLength(4);
  for (const id of runs) expect(existsSync(openRunDir(join(own, 'trials'), id).ranks)).toBe(false);

  // What is there is not trained again: a signal would stop a step.
  const stop: StopSignal = { signal: 'SIGINT', dispose() {} };
  const found = { settings, config };
  // Several at once, as jobs with one seed each do: nobody writes, so nobody waits.
  expect(await Promise.all([tune(cell, { stop }), tune(cell, { stop })])).toEqual([found, found]);
  expect(listRuns(join(own, 'trials'))).toEqual(runs);
});

it('a trial that diverges pays for the epoch in which it does', async () => {
  const cell = await cellOf();
  await tune({ ...cell, loss: 'diverging' }, { space: { 'optimizer.learningRate': [0.01, 1e30] } });
  const file = join(folder, 'tuning', 'tiny-last-SASRec-diverging', 'trials.json');
  const { trials, spent } = JSON.parse(readFileSync(file, 'utf8')) as SearchResult;
  const [failed, other] = [true, false].map((is) => trials.find(({ state }) => state.startsWith('failed') === is)!);
  expect(failed.epochs).toBe(0);
  expect(failed.flops).toBeCloseTo(other.flops! / other.epochs, 3);
  expect(spent).toBeCloseTo(failed.flops! + other.flops!, 3);
});

it('trials that would choose from different items are refused', async () => {
  const cell = await cellOf();
  const evaluation = { ...cell.config.evaluation, excludeSeen: true };
  const lengths = { space: { 'model.maxSequenceLength': [3, 6] } };
  await expect(tune({ ...cell, config: { ...cell.config, evaluation } }, lengths)).rejects.toThrow(
    'model.maxSequenceLength: expected one for all trials where the window decides which items are ranked; got it in the space, with evaluation.excludeSeen true',
  );
});

it('a key of the command line keeps its value, and a model without a space is refused', async () => {
  const cell = await cellOf();
  const { settings } = await tune(cell, { fixed: 'model.numBlocks' });
  expect(Object.keys(settings.settings)).toEqual(['optimizer.learningRate']);
  await expect(tune({ ...cell, recipe: 'ml-1m/dssm' }, { space: null })).rejects.toThrow(
    '--tune: expected a space for the model SASRec; neither it nor its recipe ml-1m/dssm has one',
  );
});

it('tables name the budget where there was one', () => {
  const row: GridRow = {
    ...{ data: 'tiny', protocol: 'last', test: '', row: 'SASRec', isBaseline: false, seed: 1, ranks: 'none' },
    metrics: { 'HR@10': 0.1 },
  };
  const titles = (rows: readonly GridRow[]) => {
    const result = {
      rows,
      metrics: ['HR@10'],
      published: [],
      counts: [],
      costs: [],
      comparisons: [],
    } as unknown as BenchmarkResult;
    return benchmarkSections(result)[0];
  };
  expect(titles([row]).titles).not.toContain('tuning');
  const tuned = titles([{ ...row, tuning: '4 trials, 1.00e+9 FLOP' }]);
  expect(tuned.rows[0][tuned.titles.indexOf('tuning')]).toBe('4 trials, 1.00e+9 FLOP');
});
