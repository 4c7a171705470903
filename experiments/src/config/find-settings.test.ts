import { expect, test } from 'vitest';
import { findSettings } from './find-settings.ts';
import { renderSettings } from './render-settings.ts';

const find = (key?: string, kinds: Readonly<Record<string, string>> = {}, task?: string) =>
  findSettings({
    ...(key !== undefined && { key }),
    ...(task !== undefined && { task }),
    kinds: Object.entries(kinds).map(([tag, text]) => ({ key: tag, text })),
  });
const keys = (...args: Parameters<typeof find>) => find(...args).map(({ key }) => key);

test('a section, a setting, a kind', () => {
  expect(new Set(keys().map((key) => key.split('.')[0]))).toEqual(
    new Set(
      'data initialWeights optimizer training seed task model itemVectors objective windows evaluation'.split(' '),
    ),
  );
  expect(keys('training.weightAverage')).toEqual(['training.weightAverage', 'training.weightAverage.decay']);
  expect(find('model.numBlocks')).toHaveLength(1);
  expect(keys('model', { 'model.kind': 'gru4rec' })).toContain('model.hiddenDim');
  expect(keys('model', { 'model.kind': 'gru4rec' })).not.toContain('model.dqk');
  expect(keys('model.features.encode', { 'model.kind': 'gru4rec' })).toEqual(['model.features[].encode']);
});

test('what only runs of rows have is found without a task', () => {
  expect(keys('model', { 'model.kind': 'mlp' })).toContain('model.hiddenSizes');
  expect(keys('evaluation.segments')).toContain('evaluation.segments[].column');
  expect(keys('task', {}, 'ranking')).toContain('task.lossWeights');
  expect(keys('task')).not.toContain('task.lossWeights');
});

test('a column of any name, unless it is one with a meaning of its own', () => {
  expect(keys('data.columns.price.kind', { 'data.format': 'csv' })).toEqual(['data.columns.NAME.kind']);
  expect(keys('data.columns.user', { 'data.format': 'csv' })).toEqual(['data.columns.user']);
});

test('what is not known comes with what was meant', () => {
  expect(() => find('model.numBlok')).toThrow(
    'seqrec settings: unknown key model.numBlok; did you mean model.numBlocks?',
  );
  expect(() => find('modl')).toThrow('unknown key modl; did you mean model?');
  expect(() => find('model.dqk', { 'model.kind': 'sasrec' })).toThrow('unknown key model.dqk; ');
  expect(() => find('initialTables', {}, 'retrieval')).toThrow('unknown key initialTables; ');
  expect(() => find('model', { 'model.kind': 'sasrek' })).toThrow(
    /^--model\.kind: expected one of hstu, sasrec, .*; got sasrek; did you mean sasrec\?$/,
  );
  expect(() => find('model', { 'model.kind': 'mpl' })).toThrow(/got mpl; did you mean mlp\?$/);
  expect(() => find('model', { 'modl.kind': 'hstu' })).toThrow('--modl.kind: unknown key; did you mean --model?');
  expect(() => find('model', { 'training.epochs': '3' })).toThrow(
    '--training.epochs: expected a kind, which chooses the settings to show; got another setting; --model.kind hstu',
  );
});

test('a table where there is room, else a list; no line is longer than the terminal', () => {
  const all = find('optimizer');
  const wide = renderSettings(all, 120);
  expect(wide).toMatch(/^setting +values +default +what\n-/);
  expect(wide).toMatch(/^optimizer\.epsilon +number > 0 +1e-8 +Of AdamW: added/m);
  expect(wide).toContain('\nWith optimizer.schedule.kind linear, cosine:\n');
  const narrow = renderSettings(all, 80);
  expect(narrow).toMatch(/^ {2}optimizer\.epsilon/m);
  expect(narrow).toMatch(/number > 0; default 1e-8\./);
  for (const [text, width] of [
    [wide, 120],
    [narrow, 80],
  ] as const)
    expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
  expect(wide).not.toContain('not shown');
});
