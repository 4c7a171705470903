import { expect, it } from 'vitest';
import { changedRemarks, experimentIn, isOtherExperiment, judgedTable } from './changed.ts';
import type { PaperTable } from './table.ts';

const overrides = (...keys: readonly string[]) => keys.map((key) => ({ key, text: '7' }));

it.each([
  [['data.ties'], true],
  [['training.epochs', 'data.split.target'], true],
  [['evaluation.excludeSeen'], true],
  [['evaluation.batchSize', 'evaluation.ks', 'model.embeddingDim'], false],
  [[], false],
])('%j: another experiment, %s', (keys, other) => {
  expect(isOtherExperiment(overrides(...keys))).toBe(other);
});

it('says what was changed, and that another experiment reproduces nothing', () => {
  expect(changedRemarks([])).toEqual([]);
  expect(changedRemarks(overrides('model.numBlocks', 'seed'))).toEqual(['Changed: model.numBlocks 7, seed 7.']);
  expect(changedRemarks(overrides('data.ties'))).toEqual([
    'Changed: data.ties 7. Data or evaluation are not those of the published figures: none is called reproduced.',
  ]);
});

it('reads what makes another experiment from remarks again', () => {
  const changes = ['model.numBlocks', 'evaluation.ties', 'data.columns.user'];
  const lists = [{ key: 'evaluation.ks', text: '[5, 10]' }];
  expect(
    experimentIn(['Size: small.', ...changedRemarks([...overrides(...changes), ...lists]), 'Not run again: A.']),
  ).toEqual(['Size: small.', 'data.columns.user 7', 'evaluation.ties 7']);
  expect(experimentIn(changedRemarks(overrides('model.numBlocks')))).toEqual([]);
});

it('a size of other data than the published is judged as such a change, the default one is not', () => {
  const sizes = { full: overrides('data.name'), small: overrides('data.name'), short: overrides('training.batchSize') };
  const table = { tolerance: { 'HR@10': 0.01 }, sizes, defaultSize: 'full' } as unknown as PaperTable;
  const isJudged = (size: string | undefined, ...keys: readonly string[]) =>
    judgedTable(table, { ...(size && { size }), overrides: overrides(...keys) }).tolerance !== undefined;
  expect([undefined, 'full', 'short', 'small'].map((size) => isJudged(size))).toEqual([true, true, true, false]);
  expect(isJudged('full', 'data.ties')).toBe(false);
  expect(isJudged(undefined, 'model.numBlocks')).toBe(true);
});
