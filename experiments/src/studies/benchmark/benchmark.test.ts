import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays } from '@seqrec/data';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../config/load-recipe.ts';
import { parseSpace } from '../../config/search-space.ts';
import { saveRanks } from '../../run/folder/ranks.ts';
import { drawTrials } from '../search/draw.ts';
import { type Benchmark, defineBenchmark } from './benchmark.ts';
import { type Cell, rowName } from './cell.ts';
import { benchmarkCells, retrainedCell } from './cells.ts';
import { Comparer } from './comparisons.ts';
import { benchmarkNames, loadBenchmark, requestedBenchmark } from './load-benchmark.ts';
import type { BenchmarkResult, GridRow } from './result.ts';
import { benchmarkSections, renderBenchmark, verdictOf } from './sections.ts';
import { spaceOf } from './tune-cell.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-benchmark-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tiny: Benchmark = {
  title: 'two models, two losses',
  source: 'nowhere',
  notes: ['tiny'],
  data: { small: { 'data.kCore': '3' }, large: {} },
  protocols: {
    last: { changes: { 'data.split': 'leave-last-out' } },
    time: { changes: { 'data.split.kind': 'global-time' }, tests: { random: 'random' } },
  },
  models: {
    A: {
      recipe: 'ml-100k/sasrec',
      changes: { 'model.embeddingDim': '16' },
      on: { small: { 'model.embeddingDim': '8' } },
    },
    B: { recipe: 'ml-100k/hstu', losses: ['full'] },
  },
  losses: { sampled: { 'objective.numNegatives': '7' }, full: { 'objective.kind': 'full-softmax' } },
  metrics: ['HR@10', 'NDCG@10'],
  baselines: ['popularity'],
  published: [{ data: 'small', protocol: 'last', model: 'A', loss: 'full', figures: { 'HR@10': 0.5 } }],
  tolerance: 0.1,
  quick: { 'training.epochs': '1' },
};

describe('a benchmark', () => {
  it('is its cells: data, protocol, model, loss, then what holds for one data set, then the command line', async () => {
    const cells = await benchmarkCells(defineBenchmark(tiny), {
      overrides: [{ key: 'training.batchSize', text: '9' }],
    });
    expect(cells.map(({ data, protocol, model, loss }) => [data, protocol, model, loss].join(' '))).toEqual([
      ...['small last A sampled', 'small last A full', 'small last B full'],
      ...['small time A sampled', 'small time A full', 'small time B full'],
      ...['large last A sampled', 'large last A full', 'large last B full'],
      ...['large time A sampled', 'large time A full', 'large time B full'],
    ]);
    const [first, second, third] = cells.map(({ config }) => config);
    expect(first.model).toMatchObject({ kind: 'sasrec', embeddingDim: 8 });
    expect(cells[6].config.model).toMatchObject({ embeddingDim: 16 });
    expect(first.objective).toMatchObject({ kind: 'sampled-softmax', numNegatives: 7 });
    expect([second.objective.kind, third.objective.kind]).toEqual(['full-softmax', 'full-softmax']);
    expect(first.data).toMatchObject({ kCore: 3, split: 'leave-last-out' });
    expect(cells[3].config.data).toMatchObject({ split: { kind: 'global-time' } });
    expect([first.training.batchSize, first.evaluation.baselines]).toEqual([9, []]);
  });

  it('runs in part, and quickly', async () => {
    const part = { data: ['large'], protocols: ['last'], models: ['A'], losses: ['full'], overrides: [] };
    const cells = await benchmarkCells(tiny, { ...part, quick: true });
    expect(cells.map(({ config }) => [config.objective.kind, config.training.epochs])).toEqual([['full-softmax', 1]]);
    const comma = { ...tiny, models: { ...tiny.models, 'A, wide': tiny.models.A } };
    const named = async (models: string[], data: string[]) =>
      (await benchmarkCells(comma, { ...part, models, data })).map(({ model, data: of }) => `${model} on ${of}`);
    expect(await named(['A, wide'], ['small,large'])).toEqual(['A, wide on small', 'A, wide on large']);
    expect(await named(['A,B'], ['small'])).toEqual(['A on small', 'B on small']);
    expect(await named(['A, wide', 'B'], ['small'])).toEqual(['B on small', 'A, wide on small']);
    await expect(benchmarkCells(tiny, { ...part, models: ['C'] })).rejects.toThrow(
      '--models: expected some of the benchmark; got "C"',
    );
  });

  it('trains on the validation part as well where it is told to, for the epochs that were chosen', async () => {
    const cells = await benchmarkCells(tiny, { models: ['B'], overrides: [{ key: 'training.patience', text: '3' }] });
    const usersOf = (...lengths: readonly number[]) => {
      const users = lengths.flatMap((n, u) => Array.from({ length: n }, () => u));
      return interactionsFromArrays({ name: 'x', users, items: users, timestamps: users.map((_, i) => i) });
    };
    const [last, time] = cells.map((cell) => retrainedCell(cell, 4, usersOf(2, 4, 5)));
    expect(rowName(last)).toBe('B, full, retrained');
    expect(last.config).toMatchObject({
      data: { split: 'train-test' },
      training: { epochs: 4, evaluateEvery: 4 },
      evaluation: { checkpoint: 'last' },
    });
    expect(last.config.training.patience).toBeUndefined();
    expect(time.config.data).toMatchObject({ split: { kind: 'global-time', validation: 'none' } });
    // Users of leave-one-out alone, so that the row is tested on what the others are.
    expect(retrainedCell(cells[0], 4, usersOf(4, 3)).config.data).toMatchObject({
      split: { kind: 'train-test', minLength: 4 },
    });
    const byUser = {
      ...cells[0],
      config: { ...cells[0].config, data: { format: 'named', name: 'x', split: 'by-user' } },
    };
    expect(() => retrainedCell(byUser as never, 4, usersOf(4))).toThrow(
      'benchmark: expected a split with a validation part',
    );
    // What it followed when the epochs were chosen is not there.
    const falling = [{ key: 'optimizer.schedule.kind', text: 'plateau' }];
    const [cell] = await benchmarkCells(tiny, { models: ['B'], overrides: falling });
    expect(() => retrainedCell(cell, 4, usersOf(4))).toThrow(
      'expected a schedule by steps with --retrain, which leaves no validation set; got plateau',
    );
  });

  it('names only what it has', async () => {
    expect(() => defineBenchmark({ ...tiny, models: { A: { ...tiny.models.A, on: { huge: {} } } } })).toThrow(
      'benchmark: models.A.on: expected one of small, large; got huge',
    );
    const row = tiny.published![0];
    expect(() => defineBenchmark({ ...tiny, published: [{ ...row, test: 'random' }] })).toThrow(
      'benchmark: published[0].test: expected one of ; got random',
    );
    expect(() => defineBenchmark({ ...tiny, published: [{ ...row, figures: { AUC: 1 } }] })).toThrow(
      'benchmark: published[0].figures: expected HR@10, NDCG@10; got AUC',
    );
    expect(() => defineBenchmark({ ...tiny, training: { 'model.numBlocks': '1' } })).toThrow(
      'benchmark: training: expected keys of training.; got model.numBlocks',
    );
    for (const name of benchmarkNames()) {
      const benchmark = await loadBenchmark(name);
      for (const quick of [false, true])
        expect((await benchmarkCells(benchmark, { quick, overrides: [] })).length).toBeGreaterThan(0);
    }
    await expect((async () => loadBenchmark('time-to-splt'))()).rejects.toThrow('did you mean time-to-split?');
    await expect(requestedBenchmark({ benchmark: 'time-to-split', dataFolder: 'beauty,ml-1m' })).rejects.toThrow(
      '--data: expected the folder of the data sets; got beauty,ml-1m, names of them; choose them with --datasets beauty,ml-1m',
    );
    await requestedBenchmark({ benchmark: 'time-to-split', dataFolder: 'not there' });
  });
});

it('refuses a model whose row is called as a baseline is', async () => {
  const models = { popularity: { recipe: 'ml-100k/sasrec' } };
  const { losses: _, published: __, ...bare } = tiny;
  await expect(benchmarkCells({ ...bare, models }, { overrides: [] })).rejects.toThrow(
    'benchmark: models: expected names that no baseline has; got popularity',
  );
});

it('refuses a selection without a cell', async () => {
  await expect(benchmarkCells(tiny, { models: ['B'], losses: ['sampled'], overrides: [] })).rejects.toThrow(
    '--losses: expected some that the models are trained by; got none of B',
  );
});

it('refuses an evaluation without a metric of its tables', async () => {
  const overrides = [{ key: 'evaluation.ks', text: '[5]' }];
  await expect(benchmarkCells(tiny, { overrides })).rejects.toThrow(
    'small, last, A, sampled: expected evaluation.ks with the cut-offs of HR@10, NDCG@10, which the tables show; got 5 without HR@10',
  );
});

it('refuses more queries than targets', async () => {
  await expect(benchmarkCells(tiny, { overrides: [{ key: 'evaluation.positions', text: 'all' }] })).rejects.toThrow(
    'small, last, A, sampled: expected evaluation.positions last, a query a target; got all; for a query an event after a cut, set data.split.target successive',
  );
});

it('has one budget, which a model may change, and one rule to judge by, which none may', async () => {
  const { A, B } = tiny.models;
  const with_ = (models: Benchmark['models']): Promise<Cell[]> =>
    benchmarkCells({ ...tiny, training: { 'training.epochs': '5' }, models }, { data: ['small'], overrides: [] });
  const cells = await with_({ A, B: { ...B, changes: { 'training.epochs': '7', 'evaluation.batchSize': '3' } } });
  const epochs = cells.filter(({ protocol }) => protocol === 'last').map(({ config }) => config.training.epochs);
  expect(epochs).toEqual([5, 5, 7]);
  const refused = (key: string, text: string) => expect(with_({ A, B: { ...B, changes: { [key]: text } } })).rejects;
  await refused('evaluation.excludeSeen', 'false').toThrow(
    'benchmark: small, last: expected models on one data set that are judged by one rule; A has evaluation.excludeSeen true, B false; set it in the data set or the protocol',
  );
  await refused('data.minRating', '3').toThrow('A has data.minRating none, B 3');
  // Of the items that a model reads, or that baselines read as it does, its window decides.
  await refused('model.maxSequenceLength', '7').toThrow('A has model.maxSequenceLength 200, B 7');
  const rules = { 'evaluation.excludeSeen': 'all', 'evaluation.baselineHistory': 'all' };
  const models = { A, B: { ...B, changes: { 'model.maxSequenceLength': '7' } } };
  const alike = { ...tiny, models, protocols: { last: { changes: { ...tiny.protocols.last.changes, ...rules } } } };
  await expect(benchmarkCells(alike, { data: ['small'], overrides: [] })).resolves.toHaveLength(3);
});

it('takes models of YAML files beside its own', async () => {
  const file = join(folder, 'mine.yaml');
  const [data, evaluation] = ['{ format: csv, path: nowhere.csv }', '{ ks: [3], excludeSeen: false, positions: last }'];
  writeFileSync(
    file,
    `extends: csv/sasrec\ndata: ${data}\nmodel: { numBlocks: 3 }\ntraining: { epochs: 2 }\nevaluation: ${evaluation}\n`,
  );
  const request = { benchmark: 'losses-and-blocks', models: [`SASRec, ${file}`], losses: ['full'], data: ['beauty'] };
  const cells = await benchmarkCells(await requestedBenchmark(request), { ...request, overrides: [] });
  expect(cells.map(({ model }) => model)).toEqual(['SASRec', 'mine']);
  expect(cells[1].config.model.kind).toBe('sasrec');
  // Data, budget and rules are those of the benchmark, whatever the file says.
  expect(cells[1].config.data).toEqual(cells[0].config.data);
  expect(cells[1].config.training).toEqual(cells[0].config.training);
  expect(cells[1].config.evaluation).toEqual(cells[0].config.evaluation);
  await expect(requestedBenchmark({ ...request, models: [file, file] })).rejects.toThrow('there is a model mine');
});

it('takes data of YAML files beside its own', async () => {
  const file = join(folder, 'shop.yaml');
  const columns = 'columns: { user: customer, item: product, time: bought }';
  writeFileSync(file, `data: { format: csv, path: shop.csv, ${columns}, minRating: 3 }\nmodel: { numBlocks: 9 }\n`);
  const request = { benchmark: 'losses-and-blocks', models: ['SASRec'], losses: ['full'], data: [`beauty,${file}`] };
  const benchmark = await requestedBenchmark(request);
  expect(benchmark.notes.at(-1)).toContain(`shop is the data of ${file}: `);
  const [beauty, shop] = await benchmarkCells(benchmark, { ...request, overrides: [] });
  expect(shop.data).toBe('shop');
  expect(shop.config.data).toMatchObject({
    ...{ format: 'csv', path: 'shop.csv', minRating: 3, repeats: 'drop', kCore: 5 },
    columns: { user: 'customer', item: 'product', time: 'bought' },
    split: { kind: 'global-time', cut: 'quantile', quantile: 0.9, target: 'last' },
  });
  // Data alone: models, budget and rules are those of the benchmark.
  expect(shop.config.model).toMatchObject({ kind: 'sasrec', numBlocks: 2 });
  expect(shop.config.training).toEqual(beauty.config.training);
  expect(shop.config.evaluation).toEqual(beauty.config.evaluation);
  // What decides which events are tested is the protocol's, and the report says so.
  writeFileSync(
    file,
    `data: { format: csv, path: shop.csv, ${columns}, kCore: 9, split: { kind: global-time, validation: none } }\n`,
  );
  for (const [name, kCore] of [
    ['losses-and-blocks', 5],
    ['time-to-split', 5],
    ['esasrec', undefined],
  ] as const) {
    const own = await requestedBenchmark({ benchmark: name, data: [file] });
    const cells = await benchmarkCells(own, { data: ['shop'], overrides: [] });
    for (const { config } of cells) {
      expect('kCore' in config.data ? config.data.kCore : undefined).toBe(kCore);
      expect('split' in config.data ? config.data.split : undefined).not.toMatchObject({ validation: 'none' });
    }
    expect(own.notes.at(-1)).toMatch(/Its own kCore, split is not read: the protocol decides it\.$/);
  }
  await expect(requestedBenchmark({ ...request, data: [file, file] })).rejects.toThrow('there is a data set shop');
  writeFileSync(file, 'data: { format: csv, path: shop.csv, colums: {} }\n');
  await expect(requestedBenchmark(request)).rejects.toThrow(
    `${file}:1:38: data.colums: unknown key; did you mean columns?`,
  );
  writeFileSync(file, 'model: { numBlocks: 9 }\n');
  await expect(requestedBenchmark(request)).rejects.toThrow(`${file}: data: expected a section`);
});

/** A row whose targets have these ranks. */
async function rowOf(row: string, seed: number | undefined, ranks: readonly number[]): Promise<GridRow> {
  const file = join(folder, `${row}-${seed}.safetensors`);
  const users = Int32Array.from(ranks.keys());
  const tied = new Int32Array(ranks.length);
  await saveRanks(
    file,
    { ranks: Float64Array.from(ranks), tied, ties: 'expected', users, items: users, definition: [] },
    'best',
  );
  const hits = ranks.filter((rank) => rank <= 10);
  const metrics = {
    'HR@10': hits.length / ranks.length,
    'NDCG@10': hits.reduce((sum, rank) => sum + 1 / Math.log2(rank + 1), 0) / ranks.length,
  };
  const about = { data: 'small', protocol: 'last', test: '', row, metrics, ranks: file };
  if (seed === undefined) return { ...about, isBaseline: true };
  return {
    ...about,
    model: row.split(', ')[0],
    loss: 'full',
    isBaseline: false,
    seed,
    parameters: 100,
    epochs: 2,
    flops: 1e9,
  };
}

const users = 200;
const hitsOf = (share: number, shift = 0): number[] =>
  Array.from({ length: users }, (_, u) => ((u + shift) % users < share * users ? 1 : 99));

async function resultOf(): Promise<BenchmarkResult> {
  const rows = await Promise.all([
    rowOf('popularity', undefined, hitsOf(0.1)),
    ...[1, 2].flatMap((seed) => [
      rowOf('A, full', seed, hitsOf(0.5, seed)),
      rowOf('B, full', seed, hitsOf(0.48, seed)),
    ]),
  ]);
  const { title, source, notes, metrics, published = [] } = tiny;
  return {
    ...{ name: 'tiny', title, source, notes, metrics, published, tolerance: 0.1, command: 'seqrec benchmark tiny' },
    ...{ remarks: [], counts: [], costs: [], rows, comparisons: new Comparer().tables(rows, metrics[0]) },
  };
}

describe('the benchmarks that are there', () => {
  it.each(benchmarkNames())('%s: every model has a space, and takes what it draws on every data set', async (name) => {
    const benchmark = await loadBenchmark(name);
    const cells = await benchmarkCells(benchmark, { overrides: [] });
    const seen = new Set<string>();
    for (const cell of cells) {
      const of = `${cell.data}, ${cell.model}`;
      if (seen.has(of)) continue;
      seen.add(of);
      const space = parseSpace(await spaceOf(cell, benchmark.models[cell.model].space), (key) => `${of}: ${key}: `);
      for (const settings of drawTrials(space, 1, 8)) {
        const overrides = Object.entries(settings).map(([key, text]) => ({ key, text }));
        const { config } = await resolveConfig({ recipe: cell.recipe, overrides: [...cell.overrides, ...overrides] });
        expect(config.model.kind).toBe(cell.config.model.kind);
      }
    }
  });
});

describe('its tables', () => {
  it('have the best row first, published figures beside ours, and what each row was given', async () => {
    const [figures] = benchmarkSections(await resultOf());
    expect(figures.titles.slice(0, 4)).toEqual(['row', 'seeds', 'HR@10', 'HR@10, published']);
    expect(figures.rows.map((row) => row.slice(0, 4))).toEqual([
      ['A, full', '2', '.5000 ± .0000', '.5000 (1.00 times, reproduced)'],
      ['B, full', '2', '.4800 ± .0000', ''],
      ['popularity', '', '.1000', ''],
    ]);
    expect(figures.rows[0].slice(-4)).toEqual(['100', '2', '1.0e+9', '']);
    expect(renderBenchmark(await resultOf())).toContain('## small, last: beyond noise');
  });

  it('say what is behind the best model beyond noise, seed for seed', async () => {
    const [{ rows: compared }] = (await resultOf()).comparisons;
    const [b, popularity] = compared;
    expect([b.row, b.best, popularity.row]).toEqual(['B, full', 'A, full', 'popularity']);
    expect(popularity.difference).toBeCloseTo(-0.4, 12);
    expect([popularity.behind, popularity.equal, popularity.ahead]).toEqual([2, 0, 0]);
    expect(b.difference).toBeCloseTo(-0.02, 12);
    // Four users of 200 in each seed: beyond noise, since nobody else differs.
    expect(b.behind + b.equal).toBe(2);
    expect(verdictOf({ behind: 2, equal: 0, ahead: 0 })).toBe('behind in 2 of 2 seeds');
    expect(verdictOf({ behind: 1, equal: 1, ahead: 1 })).toBe('behind in 1, no difference in 1, ahead in 1 of 3 seeds');
  });

  it('give the difference the interval of its own mean over seeds', async () => {
    const rows = await Promise.all([
      ...[1, 2].map((seed) => rowOf('A, full', seed, hitsOf(0.5))),
      rowOf('C, full', 1, hitsOf(0.49)),
      rowOf('C, full', 2, hitsOf(0.1)),
    ]);
    const [{ rows: compared }] = new Comparer().tables(rows, 'HR@10');
    const [{ difference, low, high, behind }] = compared;
    expect(difference).toBeCloseTo(-(0.01 + 0.4) / 2, 12);
    expect(low).toBeLessThan(difference);
    expect(high).toBeGreaterThan(difference);
    // Neither seed alone has an interval around the mean.
    expect(high).toBeLessThan(-0.1);
    expect(low).toBeGreaterThan(-0.3);
    expect(behind).toBeGreaterThanOrEqual(1);
  });

  it('say of fewer than six users that there is no interval', async () => {
    const rows = await Promise.all([rowOf('D, full', 1, [1, 1, 1, 9, 9]), rowOf('E, full', 1, [1, 99, 99, 99, 99])]);
    const comparisons = new Comparer().tables(rows, 'HR@10');
    expect(comparisons[0].rows).toEqual([
      { row: 'E, full', best: 'D, full', seeds: [1], difference: -0.8, behind: 0, ahead: 0, equal: 0 },
    ]);
    const section = benchmarkSections({ ...(await resultOf()), rows, comparisons }).find(({ title }) =>
      title.endsWith('beyond noise'),
    );
    expect(section?.rows).toEqual([['E, full', '-.8000', '', 'too few users for an interval']]);
  });

  it('pair no rows of other seeds', async () => {
    const { rows } = await resultOf();
    // Seed 2 of B has the users of seed 2 of A alone.
    const mixed = rows.map((row) => (row.row === 'B, full' && row.seed === 2 ? { ...row, seed: 3 } : row));
    const [{ rows: compared }] = new Comparer().tables(mixed, 'HR@10');
    const [b] = compared;
    expect(b.behind + b.equal + b.ahead).toBe(1);
  });
});
