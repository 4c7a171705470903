import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays } from '@seqrec/data';
import { expect, test } from 'vitest';
import type { DataSummary } from '../../data/data-summary.ts';
import { runMain } from '../../testing/run-main.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';
import { historyFromText } from './recommend.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-no-times-'));
const out = join(folder, 'runs');
const file = join(folder, 'log.csv');
const rows = Array.from({ length: 40 }, (_, i) => `u${i % 8},i${((i % 8) + Math.floor(i / 8)) % 6}`);
writeFileSync(file, `user,item\n${rows.join('\n')}\n`);

const train = (recipe: string, ...argv: string[]) =>
  runMain(
    ...['train', recipe, '--data.path', file, '--data.columns.time', 'none', '--data.kCore', '1'],
    ...['--evaluation.ks', '[5]', '--evaluation.selectBy', 'NDCG@5', '--evaluation.baselines', '[]'],
    ...['--epochs', '1', '--out', out, '--backend', 'cpu', '--quiet', ...argv],
  );

test.each([
  ['csv/hstu', [], 'model.relativeBias: expected a setting that reads no times, as log has none; got position-time'],
  ['csv/hstu', [], 'set --model.relativeBias position, or let the number of an event'],
  [
    'csv/hstu',
    ['--model.relativeBias', 'none', '--model.inputEncoding', 'reverse-position-time'],
    'model.inputEncoding',
  ],
  ['csv/sasrec', ['--objective.labels.kind', 'dense-all-action'], 'objective.labels.kind'],
  [
    'csv/sasrec',
    ['--windows.policy', 'stochastic-length', '--windows.alpha', '1.6'],
    'set --windows.subsequence recent',
  ],
  [
    'csv/sasrec',
    ['--data.rowNumberAsTime', 'true', '--data.columns.time', 'item'],
    'data.rowNumberAsTime: expected false',
  ],
  ['csv/sasrec', ['--data.ties', 'shuffle:3'], 'data.ties: expected file-order without a time column; got shuffle'],
  ['csv/hstu', ['--data.split', 'global-time'], 'globalTime: expected times; got none in log'],
])('%s %j is refused on data without times, and nothing is left behind', async (recipe, argv, message) => {
  const { code, errors } = await train(recipe, ...argv);
  expect(errors).toContain(message);
  expect(code).not.toBe(0);
  expect(readdirSync(folder)).not.toContain('runs');
});

test('a model of the order alone is trained without a word; one that reads times says what it reads', async () => {
  const plain = await train('csv/sasrec');
  expect(plain).toMatchObject({ code: 0, errors: '' });

  const { code, errors } = await train('csv/hstu', '--data.rowNumberAsTime', 'true');
  expect(errors).toBe(
    'warning: log has no times: model.relativeBias position-time reads the number of an event in its sequence as seconds ' +
      '(data.rowNumberAsTime)',
  );
  expect(code).toBe(0);
  const run = openRunDir(out, 'latest');
  const { definitions } = JSON.parse(readFileSync(run.results, 'utf8')) as RunResults;
  expect(definitions).toContain(
    "Times: the data have none; a model that reads times is given the number of the event in its user's sequence.",
  );
  const summary = JSON.parse(readFileSync(run.data, 'utf8')) as DataSummary;
  expect(summary.statistics.times).toBe('none, events are in the order of the file');
  expect(JSON.parse(readFileSync(run.config, 'utf8')).config.data).toMatchObject({ rowNumberAsTime: true });
});

const titled = (titles: readonly string[], timestamps?: readonly number[]) =>
  interactionsFromArrays({
    name: 'films',
    users: titles.map(() => 'u'),
    items: titles.map((_, i) => `m${i}`),
    ...(timestamps && { timestamps }),
    catalogue: titles.map((title, i) => ({ item: `m${i}`, title })),
  });

test('a made-up history has the times that training had', () => {
  expect(historyFromText(titled(['A', 'B', 'C']), 'm2,A').timestamps).toEqual([0, 1]);
  expect(historyFromText(titled(['A', 'B', 'C'], [0, 60, 600]), 'm2,A').timestamps).toEqual([540, 600]);
});

test('a title of several items is an error that lists them', () => {
  const films = titled(['Hamlet (1996)', 'Emma', 'Hamlet (1996)', 'hamlet (1996)']);
  expect(() => historyFromText(films, 'Emma,Hamlet (1996)')).toThrow(
    '--history: expected titles of one item each; got "Hamlet (1996)", the title of 3: m0, m2, m3; write the id instead',
  );
  expect(historyFromText(films, 'Emma,m2').items).toEqual([2, 3]);
});
