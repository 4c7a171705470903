// Small grids from the command to the tables.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readRanks } from '../../run/folder/ranks.ts';
import { listRuns } from '../../run/folder/run-dir.ts';
import { codedShop, SHOP_USERS, shopData, writeShop } from '../../testing/coded-shop.ts';
import { type MainRun, runMain } from '../../testing/run-main.ts';
import type { Benchmark } from './benchmark.ts';
import type { BenchmarkResult } from './result.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-grid-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeShop(folder);

const shop = { data: JSON.stringify(shopData(folder)) };
const time = { 'data.split.kind': 'global-time', 'data.split.quantile': '0.8', 'data.split.target': 'last' };
const rules = { 'evaluation.ks': '[10]', 'evaluation.excludeSeen': 'all', 'evaluation.baselineHistory': 'all' };
const small = {
  'model.embeddingDim': '8',
  'model.ffnDim': '8',
  'model.numBlocks': '1',
  'model.maxSequenceLength': '6',
};

const shops: Benchmark = {
  title: 'a shop',
  source: 'here',
  notes: [],
  data: { shop },
  protocols: { time: { changes: { ...time, ...rules } } },
  training: { 'training.epochs': '1', 'training.batchSize': '32' },
  models: { SASRec: { recipe: 'csv/sasrec', changes: small } },
  metrics: ['HR@10'],
  baselines: ['popularity'],
  quick: {},
};

let written = 0;

/** Runs a benchmark of this module's folder, with one seed unless told otherwise. */
async function bench(benchmark: Benchmark, out: string, ...more: string[]): Promise<MainRun> {
  const beside = join(folder, `${++written}`);
  mkdirSync(beside);
  const file = join(beside, 'shops.mjs');
  writeFileSync(file, `export const benchmark = ${JSON.stringify(benchmark)};\n`);
  const seeds = more.includes('--seeds') ? [] : ['--seeds', '1'];
  return runMain('benchmark', file, '--out', join(folder, out), '--backend', 'cpu', '--quiet', ...seeds, ...more);
}

async function tablesOf(...args: Parameters<typeof bench>): Promise<BenchmarkResult> {
  const { code, errors } = await bench(...args);
  expect([code, errors]).toEqual([0, '']);
  return JSON.parse(readFileSync(join(folder, args[1], 'benchmark.json'), 'utf8')) as BenchmarkResult;
}

it('has the tests and counts of each protocol and each data set where these share their data', async () => {
  const { changes } = shops.protocols.time;
  const protocols = {
    alone: { changes },
    further: { changes: { ...changes, 'evaluation.excludeSeen': 'false' }, tests: { each: 'successive' as const } },
  };
  const { rows, counts } = await tablesOf({ ...shops, data: { shop, again: shop }, protocols }, 'shared');
  const places = (of: readonly { data: string; protocol: string; test?: string; row?: string }[]) =>
    of.map(({ data, protocol, test = '', row = '' }) => [data, protocol, test, row].join(' ').trim());
  expect(places(counts)).toEqual(['shop alone', 'shop further', 'again alone', 'again further']);
  expect(counts.map(({ tests }) => Object.keys(tests))).toEqual([[''], ['', 'each'], [''], ['', 'each']]);
  for (const data of ['shop', 'again'])
    for (const row of ['popularity', 'SASRec'])
      expect(places(rows.filter((each) => each.row === row && each.data === data))).toEqual([
        `${data} alone  ${row}`,
        `${data} further  ${row}`,
        `${data} further each ${row}`,
      ]);
});

it('makes anew what was kept of other targets, and nothing else', async () => {
  const { changes } = shops.protocols.time;
  const tested = (tests: Benchmark['protocols'][string]['tests']) => {
    const own = { ...shops, protocols: { time: { changes, ...(tests && { tests }) } } };
    return tablesOf(own, 'targets');
  };
  const of = ({ rows }: BenchmarkResult, test: string) =>
    rows.filter((row) => row.test === test).map(({ row, metrics }) => [row, metrics['HR@10']]);
  const queries = ({ counts: [{ tests }] }: BenchmarkResult) => Object.values(tests);
  const first = await tested({ each: 'successive' });
  const other = await tested({ each: 'random', all: 'successive' });
  expect(queries(first)[1]).toBeGreaterThan(queries(other)[1]);
  expect(of(other, 'all')).toEqual(of(first, 'each'));
  expect(of(other, 'each').map(([row]) => row)).toEqual(['popularity', 'SASRec']);
  expect(of(other, 'each')).not.toEqual(of(first, 'each'));
  const files = readdirSync(join(folder, 'targets'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.safetensors'))
    .map((file) => join(folder, 'targets', file));
  const times = () => files.map((file) => statSync(file).mtimeMs);
  const before = times();
  expect(of(await tested({ all: 'successive' }), 'all')).toEqual(of(first, 'each'));
  expect(times()).toEqual(before);
});

it('takes a metric that is newer than what was kept from its ranks', async () => {
  const both = { ...shops, metrics: ['HR@10', 'MRR'] };
  const figures = ({ rows }: BenchmarkResult) => rows.map(({ row, metrics }) => [row, metrics['HR@10'], metrics.MRR]);
  const first = await tablesOf(both, 'newer');
  const files = readdirSync(join(folder, 'newer'), { recursive: true, encoding: 'utf8' })
    .filter((file) => ['results.json', 'baselines.json'].includes(basename(file)))
    .map((file) => join(folder, 'newer', file));
  expect(files).toHaveLength(2);
  const without = (file: string) =>
    JSON.parse(readFileSync(file, 'utf8'), (key, of) => (key === 'MRR' ? undefined : of));
  for (const file of files) writeFileSync(file, JSON.stringify(without(file)));
  const then = await tablesOf(both, 'newer');
  for (const file of files) expect(readFileSync(file, 'utf8')).not.toContain('MRR"');
  for (const [i, [row, hits, reciprocal]] of figures(first).entries())
    expect(figures(then)[i]).toEqual([row, hits, expect.closeTo(reciprocal as number, 12)]);
});

it('says of MRR that beams cut it', async () => {
  const { task, model, objective } = codedShop(folder);
  const changes = Object.fromEntries(
    Object.entries({ task, model, objective }).map(([key, of]) => [key, JSON.stringify(of)]),
  );
  const models = { Codes: { recipe: 'amazon-beauty/sid-decoder', changes } };
  const { notes } = await tablesOf({ ...shops, models, metrics: ['HR@10', 'MRR'] }, 'beams');
  expect(notes).toEqual([
    expect.stringMatching(/^Codes on shop, time: targets that 10 beams do not find count 0 in MRR/),
  ]);
});

it('says of a retrained row how it was tuned', async () => {
  const { SASRec } = shops.models;
  const models = { SASRec: { ...SASRec, space: { 'optimizer.learningRate': [0.001, 0.01] } } };
  const { rows } = await tablesOf({ ...shops, models }, 'tuned', '--tune', '1e9', '--trials', '2', '--retrain');
  const trained = rows.filter(({ isBaseline }) => !isBaseline);
  expect(trained.map(({ row, tuning }) => [row, tuning])).toEqual([
    ['SASRec', expect.stringContaining('2 trials')],
    ['SASRec, retrained', trained[0].tuning],
  ]);
});

it('calls no figure of --quick reproduced, nor those of other data', async () => {
  const published = [{ data: 'shop', protocol: 'time', model: 'SASRec', figures: { 'HR@10': 0.5 } }];
  const own = { ...shops, published, tolerance: 0.1 };
  for (const [tolerance, ...more] of [[0.1], [undefined, '--quick'], [undefined, '--data.ties', 'shuffle:1']] as const)
    expect((await tablesOf(own, 'published', ...more)).tolerance).toBe(tolerance);
});

it('tunes baselines where it tunes models, unless told not to', async () => {
  const knn = { ...shops, baselines: ['item-knn'] };
  const models = { SASRec: { ...knn.models.SASRec, space: { 'optimizer.learningRate': [0.001, 0.01] } } };
  const notes = async (out: string, ...more: string[]): Promise<string> =>
    (await tablesOf({ ...knn, models }, out, '--tune', '1e9', '--trials', '2', ...more)).notes.join(' ');
  expect(await notes('tuned-too')).toMatch(
    /item-knn on shop, time: last \d+, decay .*: the best \w+@10 of 12 settings/,
  );
  expect(await notes('given', '--evaluation.tuneBaselines', 'false')).not.toContain('item-knn');
});

it('keeps baselines of data apart whose names differ in signs alone', async () => {
  const names = ['my-shop', 'my.shop', 'магазин', 'склад'];
  const data = Object.fromEntries(names.map((name) => [name, shop]));
  const { rows } = await tablesOf({ ...shops, data }, 'names');
  const folders = rows.flatMap(({ isBaseline, ranks }) => (isBaseline ? [basename(dirname(ranks))] : []));
  expect(new Set(folders).size).toBe(names.length);
  expect(folders[0]).toBe('my-shop-time');
  const alike = await bench({ ...shops, data: { 'my shop': shop, 'my-shop': shop } }, 'names');
  expect(alike.errors).toContain(
    'expected names that differ in letters or digits; got "my shop, time, SASRec" and "my-shop, time, SASRec"',
  );
});

it('tests what is retrained on the users that the others are tested on', async () => {
  writeShop(folder, { name: 'short' });
  const short = join(folder, 'short.csv');
  const visits = Array.from({ length: 9 }, (_, k) => `v${Math.floor(k / 3)},i${k},${k}`);
  writeFileSync(short, `${readFileSync(short, 'utf8')}\n${visits.join('\n')}\n`);
  const own = {
    ...shops,
    data: { short: { data: JSON.stringify(shopData(folder, 'short')) } },
    protocols: { last: { changes: { 'data.split': 'leave-last-out', ...rules } } },
  };
  const { rows } = await tablesOf(own, 'retrained', '--retrain');
  const queries = rows.map(({ row, ranks }) => [row, readRanks(ranks).users.length]);
  expect(queries).toEqual([
    ['popularity', SHOP_USERS],
    ['SASRec', SHOP_USERS],
    ['SASRec, retrained', SHOP_USERS],
  ]);
});

it('refuses before anything trains what would stop by the test set, and what cannot be retrained', async () => {
  for (const [key, value, expected] of [
    ['training.patience', '2', 'none'],
    ['optimizer.schedule.kind', 'plateau', 'a schedule by steps'],
  ]) {
    const { code, errors } = await bench(shops, 'stops', `--${key}`, value, '--data.split.validation', 'none');
    expect(code).toBe(2);
    expect(errors).toContain(
      `benchmark: shop, time, SASRec: ${key}: expected ${expected} with the split global-time, which has no validation set; got ${value}`,
    );
  }
  const schedule = { none: [{ 'optimizer.schedule.kind': 'constant' }, { 'optimizer.schedule.kind': 'plateau' }] };
  const searched = { ...shops, models: { SASRec: { ...shops.models.SASRec, space: schedule } } };
  const late = await bench(searched, 'stops', '--retrain', '--tune', '1e7', '--trials', '2');
  expect([late.code, late.errors]).toEqual([
    2,
    expect.stringContaining(
      'benchmark: shop, time, SASRec: expected a schedule by steps with --retrain, which leaves no validation set; got plateau',
    ),
  ]);
  expect(existsSync(join(folder, 'stops', 'tuning'))).toBe(false);
  const other = await bench(shops, 'stops', '--retrain', '--data.split', 'train-test');
  expect(other.code).toBe(2);
  expect(other.errors).toContain('expected a split with a validation part that can train');
  const cold = await bench(
    shops,
    'stops',
    '--retrain',
    '--data.split',
    'leave-last-out',
    '--data.coldItems.share',
    '0.5',
  );
  expect(cold.code).toBe(2);
  expect(cold.errors).toContain(
    'benchmark: shop, time, SASRec: expected no data.coldItems with --retrain, which would train on those of the validation part; got a share of 0.5',
  );
  expect(listRuns(join(folder, 'stops'))).toEqual([]);
});

it('refuses fewer beams than its lists are long before anything trains', async () => {
  const { task, model } = codedShop(folder);
  const changes = {
    ...{ task: JSON.stringify({ ...task, beams: 5 }), model: JSON.stringify(model) },
    ...{ 'evaluation.ks': '[5]', 'evaluation.selectBy': 'NDCG@5' },
  };
  const models = { Coder: { recipe: 'amazon-beauty/sid-decoder', changes } };
  const protocols = { time: { changes: { ...time, 'evaluation.excludeSeen': 'all' } } };
  const { code, errors } = await bench({ ...shops, models, protocols, metrics: ['HR@5'], baselines: [] }, 'few-beams');
  expect(code).toBe(2);
  expect(errors).toContain(
    'benchmark: shop, time, Coder: task.beams: expected at least as many as the largest cut-off or list, 10; got 5',
  );
  expect(existsSync(join(folder, 'few-beams'))).toBe(false);
});

it('refuses to tune without a validation set, and the window where it decides what is ranked', async () => {
  const space = { width: [{ 'model.maxSequenceLength': 3 }, { 'model.maxSequenceLength': 6 }] };
  const own = { ...shops, models: { SASRec: { ...shops.models.SASRec, space } } };
  const refused = async (...more: string[]) => {
    const { code, errors } = await bench(own, 'refused', '--tune', '1e7', ...more);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
    return errors;
  };
  expect(await refused('--data.split.validation', 'none')).toContain('expected a split with a validation set');
  const message =
    'model.maxSequenceLength: expected one for all trials where the window decides which items are ranked';
  expect(await refused('--evaluation.excludeSeen', 'true')).toContain(message);
  expect(await refused('--evaluation.baselineHistory', 'window')).toContain(message);
});

it('refuses to draw the loss that a row is called by', async () => {
  const losses = { full: { 'objective.kind': 'full-softmax' }, gBCE: { 'objective.kind': 'gbce' } };
  const space = { 'objective.kind': ['full-softmax', 'gbce'] };
  const own = { ...shops, losses, models: { SASRec: { ...shops.models.SASRec, space } } };
  const { code, errors } = await bench(own, 'drawn', '--tune', '1e9', '--trials', '2');
  expect([code, errors]).toEqual([
    2,
    expect.stringContaining(
      '--tune: expected a space of SASRec without objective.kind, since rows are called by their loss; got it, which SASRec, full would draw',
    ),
  ]);
  expect(existsSync(join(folder, 'drawn'))).toBe(false);
});

it('refuses what it cannot include before it fits a baseline', async () => {
  const files = ['one', 'two'].map((label, i) => {
    const row = { data: 'shop', protocol: 'time', test: '', row: 'HSTU', model: 'HSTU', seed: 1, run: label };
    const rows = [{ ...row, isBaseline: false, metrics: { 'HR@10': i }, ranks: '', epochs: 1 }];
    const file = join(folder, `${label}.json`);
    const result = { name: 'shops', rows, counts: [], comparisons: [], costs: [], remarks: [], notes: [] };
    writeFileSync(file, JSON.stringify({ kind: 'benchmark', command: label, date: '2026-12-04', version: {}, result }));
    return file;
  });
  const { code, errors } = await bench(shops, 'refused', '--include', files.join(','));
  expect([code, errors]).toEqual([2, expect.stringContaining('expected a row in one result')]);
  const newer = await bench({ ...shops, metrics: ['HR@10', 'MRR'] }, 'refused', '--include', files[0]);
  expect([newer.code, newer.errors]).toEqual([
    2,
    expect.stringContaining(
      `--include: ${files[0]}: expected rows with HR@10, MRR, which the tables show; got shop, time, HSTU without MRR; run the command of the file again`,
    ),
  ]);
  expect(existsSync(join(folder, 'refused', 'baselines'))).toBe(false);
});
