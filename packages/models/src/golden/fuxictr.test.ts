// Of a model of the table its own folder compares the files; here is what holds of any.
import { expect, it } from 'vitest';
import { plainLrFile } from '../rankers/lr/test-support/fuxictr.ts';
import { changedFuxiCtr } from '../test-support/fuxictr-files.ts';
import { checkGolden } from './check.ts';

const file = plainLrFile();

it.each([
  ['another model', changedFuxiCtr(file, { model: 'xDeepFM' }), 'no xDeepFM'],
  [
    'another pooling',
    changedFuxiCtr(file, { features: { pooling: 'sum' } }),
    'no lists but by their mean; genres has another pooling',
  ],
])('says that it has nothing to compare %s with', async (_, json, notYet) => {
  expect(await checkGolden(json)).toMatchObject({ notYet });
});

it.each([
  ['an L1 regulariser', changedFuxiCtr(file, { regularizer: 'l1(0.01)' })],
  ['a missing width', changedFuxiCtr(file, { model: 'DNN' })],
  ['an unknown activation', changedFuxiCtr(file, { model: 'DNN', embedding_dim: 4, hidden_activations: 'tanh' })],
])('refuses %s', async (_, json) => {
  await expect((async () => checkGolden(json))()).rejects.toThrow(/^golden: /);
});
