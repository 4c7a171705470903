import { interactionsFromArrays } from '@seqrec/data';
import { expect, it } from 'vitest';
import { catalogueOf } from './catalogue.ts';

it('an event whose rating the data leave out has none', () => {
  const interactions = interactionsFromArrays({
    name: 'one',
    users: ['ada', 'ada'],
    items: ['x', 'y'],
    timestamps: [10, 20],
    ratings: [4, 5],
  });
  const catalogue = catalogueOf({ ...interactions, ratings: Float32Array.of(4, Number.NaN) });
  expect(catalogue.history('ada')).toEqual([
    { item: 1, time: 10, rating: 4 },
    { item: 2, time: 20 },
  ]);
});
