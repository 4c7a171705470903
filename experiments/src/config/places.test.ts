import { expect, test } from 'vitest';
import { placesOf } from './places.ts';

const epochs = { path: ['training', 'epochs'], unknownKey: false };

test('without a file the place is an override in the section, else the recipe', () => {
  const overrides = [{ key: 'training.batchSize', text: '3' }];
  expect(placesOf({ overrides, recipe: 'ml-1m/hstu' })(epochs)).toBe('--');
  expect(placesOf({ overrides: [], recipe: 'ml-1m/hstu' })(epochs)).toBe('recipe ml-1m/hstu: ');
  expect(placesOf({ overrides: [{ key: 'seed', text: '3' }], recipe: 'ml-1m/hstu' })(epochs)).toBe(
    'recipe ml-1m/hstu: ',
  );
  expect(placesOf({ overrides: [] })(epochs)).toBe('');
});
