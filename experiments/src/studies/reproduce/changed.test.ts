import { expect, it } from 'vitest';
import { changedRemarks, experimentIn, isOtherExperiment } from './changed.ts';

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
