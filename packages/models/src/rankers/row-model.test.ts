import { expect, it } from 'vitest';
import { createRanker } from './row-model.ts';

it('a ranker refuses labels that are no number of labels', () => {
  const config = { kind: 'own', userId: true, itemId: true, embeddingL2: 0, netL2: 0 };
  const sizes = { numUsers: 2, numItems: 2 };
  expect(() => createRanker(config, { ...sizes, labels: 0 }, () => expect.unreachable())).toThrow(
    'own: labels: expected an integer >= 1; got 0',
  );
});
