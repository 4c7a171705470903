import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { listRuns, openRunDir } from '../../run/folder/run-dir.ts';
import { savedRun } from '../../run/open/resume.ts';
import { runMain } from '../../testing/run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-before-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const changesOf = (settings: Readonly<Record<string, unknown>>) =>
  Object.entries(settings).map(([key, value]) => ({
    key,
    text: typeof value === 'string' ? value : JSON.stringify(value),
  }));

const sequences = changesOf({
  'data.path': join(folder, 'rows.csv'),
  'data.columns': { user: 'user', item: 'item', time: 'time' },
  'model.embeddingDim': 8,
  'model.ffnDim': 8,
  'model.numBlocks': 1,
  'model.maxSequenceLength': 10,
  'objective.numNegatives': 8,
  'training.epochs': 2,
  'training.batchSize': 16,
  'evaluation.ks': [10],
});
const labelled = changesOf({
  'data.path': join(folder, 'rows.csv'),
  'training.batchSize': 64,
  'training.epochs': 2,
});
const rankers = `
  format: csv
  path: ${join(folder, 'rows.csv')}
  columns: { user: user, item: item, time: time, rating: rating, hour: id }
  split: { kind: random, test: 0.1, validation: 0.1, seed: 1 }
  label: { column: rating, positiveAbove: 3, negativeBelow: 3, name: label }`;
const small = `
training: { epochs: 2, batchSize: 64 }
model: { kind: mlp, features: [hour], userId: true, itemId: true, embeddingDim: 4, hiddenSizes: [8] }
evaluation: { segments: [], baselines: [] }`;

/** A file of a table; `into` is code. */
function tableFile(name: string, table: object, into: string): string {
  const file = join(folder, `${name}.mjs`);
  const text = JSON.stringify({ title: name, source: 'none', notes: [], claims: [], ...table });
  writeFileSync(file, `export const table = ${text};\nfor (const before of table.before) before.into = ${into};\n`);
  return file;
}

beforeAll(() => {
  const rows = Array.from(
    { length: 320 },
    (_, e) => `${e % 20},${(e * 7 + (e % 3)) % 23},${1000 + (e >> 1)},${1 + (e % 5)},${e % 3}`,
  );
  writeFileSync(join(folder, 'rows.csv'), `user,item,time,rating,hour\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'teacher.yaml'), `extends: distillation/ml-1m-teacher\ndata:${rankers}${small}\n`);
  writeFileSync(
    join(folder, 'student.yaml'),
    `extends: distillation/ml-1m-auxiliary\ndata:${rankers}\n  teacherLabels: [{ path: labels, prefix: teacher }]${small}\n`,
  );
});

const reproduce = (file: string, out: string, ...argv: readonly string[]) =>
  runMain('reproduce', file, '--seeds', '1', '--out', out, '--quiet', '--threads', '1', ...argv);

/** What runs of a folder were trained on. */
const dataOf = (out: string) => listRuns(out).map((id) => savedRun(openRunDir(out, id)).config.data);

it('runs before the rows have the data that the command line asks for, as the rows have', async () => {
  const weights = '(config, path) => ({ ...config, initialWeights: { path } })';
  const rows = [{ name: 'A', recipe: 'csv/sasrec', changes: sequences, paper: {} }];
  const base = { name: 'base', recipe: 'csv/sasrec', gives: 'weights' };
  const file = tableFile('weights', { metrics: ['HR@10'], rows, before: [{ ...base, changes: sequences }] }, weights);
  const out = join(folder, 'weights');
  const { code, errors } = await reproduce(file, out, '--data.split', 'train-test', '--data.ties', 'shuffle:2');
  expect([code, errors]).toEqual([0, '']);
  expect(dataOf(out)).toMatchObject([1, 2].map(() => ({ split: 'train-test', ties: 'shuffle:2' })));
  const cut = [...sequences, { key: 'data.ties', text: 'shuffle:3' }];
  const own = tableFile('own', { metrics: ['HR@10'], rows, before: [{ ...base, changes: cut }] }, weights);
  const clash = await reproduce(own, join(folder, 'own'), '--data.ties', 'shuffle:2');
  expect(clash.errors).toContain(
    'data.ties: expected data that "base", from which the rows start, has as the rows have it; it has ties "shuffle:3" of its own',
  );
  expect(clash.code).toBe(2);
}, 60_000);

/** A student of a teacher. */
function taughtTable(name: string): string {
  const taught =
    '(config, path) => ({ ...config, data: { ...config.data, teacherLabels: config.data.teacherLabels.map((each) => ({ ...each, path })) } })';
  const [teacher, student] = ['teacher', 'student'].map((each) => join(folder, `${each}.yaml`));
  const rows = [{ name: 'A', recipe: student, changes: labelled, paper: {} }];
  const before = [{ name: 'teacher', recipe: teacher, changes: labelled, gives: 'labels' }];
  return tableFile(name, { metrics: ['AUC'], rows, before }, taught);
}

it('a teacher that was trained otherwise keeps labels of its own, and the first one its', async () => {
  const file = taughtTable('labels');
  const out = join(folder, 'labels');
  // Of data that the rows alone have the teacher knows nothing: there is no such store.
  const own = ['--data.teacherLabels', '[{"path":"nowhere","prefix":"teacher"}]'];
  for (const changes of [own, ['--epochs', '1'], []]) {
    const { code, errors } = await reproduce(file, out, ...changes);
    expect([code, errors]).toEqual([0, '']);
  }
  const stores = readdirSync(join(out, 'labels')).toSorted();
  expect(stores).toHaveLength(2);
  for (const store of stores)
    expect(readdirSync(join(out, 'labels', store)).filter((name) => name.startsWith('teacher='))).toHaveLength(1);
}, 60_000);

it('finds the runs of a student again, which have the name of its teacher, and those from before they had it', async () => {
  const file = taughtTable('again');
  const out = join(folder, 'again');
  const again = () => runMain('reproduce', file, '--seeds', '1', '--out', out, '--threads', '1');
  expect((await again()).code).toBe(0);
  // By name: of the student first.
  const [student, teacher] = listRuns(out)
    .toSorted()
    .map((id) => openRunDir(out, id));
  const saved = readFileSync(student.config, 'utf8');
  const name = /"teacher": "[^"]*",/;
  expect(saved.match(name)?.[0]).toBe(`"teacher": "${teacher.id}",`);
  const said = ['teacher', 'A'].map((row, k) => `${row}, seed 1: ${[teacher, student][k].id} is there`);
  for (const config of [saved, saved.replace(name, '')]) {
    writeFileSync(student.config, config);
    const heard = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const { code } = await again();
    const lines = heard.mock.calls.map(([line]) => line);
    heard.mockRestore();
    expect(code).toBe(0);
    expect(lines).toEqual(expect.arrayContaining(said.map((line) => `${line}\n`)));
  }
  expect(listRuns(out)).toHaveLength(2);
}, 60_000);
