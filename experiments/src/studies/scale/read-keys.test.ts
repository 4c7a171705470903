import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runMain } from '../../testing/run-main.ts';
import type { StudyPoint } from '../study/study.ts';
import { withValidation } from './base.ts';
import { checkReadKeys, scheduleInWords } from './read-keys.ts';

const cwd = mkdtempSync(join(tmpdir(), 'seqrec-scale-keys-'));
afterAll(() => rmSync(cwd, { recursive: true }));
const rows = Array.from({ length: 8 }, (_, user) =>
  Array.from({ length: 9 + user }, (_, e) => `u${user},i${(user + 5 * e) % 12},${1000 * e}`),
);
writeFileSync(join(cwd, 'events.csv'), ['user,item,at', ...rows.flat()].join('\n'));
const recipe = ['--recipe=csv/sasrec', `--data.path=${join(cwd, 'events.csv')}`, '--data.columns.user=user'];
const shape = ['--data.columns.item=item', '--data.columns.time=at', '--widths=8', '--depths=1', '--quiet'];
const study = (name: string, ...more: string[]) =>
  runMain('scale', 'data', ...recipe, ...shape, `--out=${join(cwd, name)}`, ...more);
const scale = (name: string, ...more: string[]) => study(name, '--encoders=sasrec', '--steps=40', ...more);
const lossOf = (name: string): number =>
  (JSON.parse(readFileSync(join(cwd, name, 'points/sasrec-u8.3.json'), 'utf8')) as StudyPoint).loss;

it.each([
  ['training.epochs', '--training.epochs: expected of training what a study reads, batchSize, parts,'],
  ['training.patience', '--training.patience: expected of training what a study reads'],
  ['model.numBlocks', '--model.numBlocks: expected of model what a study reads, inputDropout, dropout, outputLength'],
  ['evaluation.baselines', '--evaluation.baselines: expected of evaluation what a study reads, ks, batchSize,'],
])('refuses %s, which no arm would read', (key, message) => {
  expect(() => checkReadKeys([{ key, text: '3' }])).toThrow(message);
});

it('takes what arms read', () => {
  const read = [
    'training.batchSize',
    'model.inputDropout',
    'evaluation.ks',
    'objective.temperature',
    'seed',
    'windows',
  ];
  for (const key of read) expect(() => checkReadKeys([{ key, text: '3' }])).not.toThrow();
  expect(() => checkReadKeys([{ key: 'model.maxSequenceLength', text: '3' }], ['maxSequenceLength'])).not.toThrow();
});

it('refuses a schedule that waits for evaluations, before anything is trained', async () => {
  const { code, errors } = await scale('plateau', '--optimizer.schedule.kind=plateau');
  expect(code).not.toBe(0);
  expect(errors).toContain('optimizer.schedule.kind: expected a schedule of steps in a study');
});

it.each([
  ['--data.split.kind=train-test', '--data.split.minLength=5'],
  ['--data.split.kind=global-time', '--data.split.validation=none'],
])('refuses %s %s, which would choose by the test set', async (...split) => {
  const { code, errors } = await scale('unchosen', ...split);
  expect(code).not.toBe(0);
  expect(errors).toContain('data.split: expected a split with a validation set to choose by; got one without');
});

it('takes leave-last-out in place of the protocol of the reference, however that is written', () => {
  const of = (split: unknown) => withValidation({ data: { format: 'csv', split } } as never).data;
  for (const split of ['train-test', { kind: 'train-test', minLength: 3 }, { kind: 'train-test', minLength: 4 }])
    expect(of(split)).toMatchObject({ split: 'leave-last-out' });
  expect(of({ kind: 'train-test', minLength: 5 })).toMatchObject({ split: { minLength: 5 } });
});

it('refuses settings of an objective that an encoder with its own would ignore', async () => {
  const own = ['--encoders=sasrec,pinnerformer', '--objective.numNegatives=5'];
  const { code, errors } = await study('ignored', ...own);
  expect(code).toBe(2);
  expect(errors).toContain('--objective.numNegatives: expected of objective what all encoders read');
  expect(errors).toContain('got it with pinnerformer, under an objective of its own; --objectives shared');
  // With other encoders it is read.
  expect((await scale('read', '--objective.numNegatives=5')).errors).toBe('');
});

it('measures averaged weights, all users of few, and says what was left out and how the rate ran', async () => {
  expect((await scale('last')).errors).toBe('');
  const averaged = await scale('averaged', '--training.weightAverage.decay=0.9', '--evaluation.excludeSeen=false');
  expect(averaged.errors).toBe('');
  expect(lossOf('averaged')).not.toBe(lossOf('last'));
  const [last, open] = ['last', 'averaged'].map((name) => readFileSync(join(cwd, name, 'report.html'), 'utf8'));
  expect(last).toContain('are left out of the ranking');
  expect(open).toContain('no sampling, those of the history too');
  expect(last).toContain('All users are measured');
  expect((await scale('some', '--users=3')).errors).toBe('');
  expect(readFileSync(join(cwd, 'some/report.html'), 'utf8')).toContain('3 of 8 users are measured, evenly chosen');
});

it('says how the learning rate ran', () => {
  const words = (schedule?: object) => scheduleInWords({ optimizer: { schedule } } as never);
  expect(words()).toBe('a constant learning rate');
  expect(words({ kind: 'cosine', warmupSteps: 0 })).toBe('a learning rate by the schedule cosine');
  expect(words({ kind: 'constant', warmupSteps: 9 })).toBe('a constant learning rate after 9 steps of warm-up');
});
