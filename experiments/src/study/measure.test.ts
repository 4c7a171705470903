import { interactionsFromArrays, trainTest } from '@seqrec/data';
import type { SequenceModel } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { measure, measureDefinition } from './measure.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Items 1 to 6 score 1, 1, 1, 0, 0, NaN for everybody. */
function model(last: number): SequenceModel {
  return {
    kind: 'known',
    config: { kind: 'known' },
    numItems: 6,
    maxSequenceLength: 4,
    encode: (batch) => tf.ones([batch.numTokens, 1]),
    itemVectors: () => tf.tensor2d([0, 1, 1, 1, 0, 0, last], [7, 1]),
    itemTable: () => expect.unreachable('not read'),
    withItemRows: () => expect.unreachable('not read'),
    variables: () => new Map(),
    dispose: () => undefined,
  };
}

const interactions = interactionsFromArrays({
  name: 'two',
  users: ['a', 'a', 'a', 'b', 'b', 'b'],
  items: [4, 1, 2, 4, 6, 5],
  timestamps: [1, 2, 3, 1, 2, 3],
  catalogue: [1, 2, 3, 4, 5, 6].map((item) => ({ item })),
});
const options = { ks: [1], batchSize: 2, temperature: 1, excludeSeen: true, queryTime: 'target' as const };

test('a study counts ties as its configuration says, and refuses a score that is no number', async () => {
  const { test: set } = trainTest(interactions);
  // a: target 2 ties with 3; 1 and 4 are seen. b: target 5 is alone after 1, 2, 3; 4 and 6 are seen.
  const expected = await measure(model(-1), set, { ...options, ties: 'expected' });
  expect(expected.metrics).toMatchObject({ 'HR@1': 1 / 4, MRR: (3 / 4 + 1 / 4) / 2 });
  const optimistic = await measure(model(-1), set, { ...options, ties: 'optimistic' });
  expect(optimistic.metrics).toMatchObject({ 'HR@1': 1 / 2, MRR: (1 + 1 / 4) / 2 });
  await expect(measure(model(Number.NaN), set, { ...options, ties: 'expected' })).rejects.toThrow(
    'rank: expected a score for item 6; got NaN',
  );
  expect(measureDefinition({ ties: 'optimistic', queryTime: 'last' }).at(-1)).toBe(
    'Ties: equal scores count behind the target. Time of a query, where a model reads it: that of the last event of the history (queryTime last).',
  );
});
