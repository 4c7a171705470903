import { expect, test } from 'vitest';
import { warningsOf } from './results.ts';

test('a warning that several models have on one set stands once, with their names', () => {
  const model = (name: string, split: string, ...warnings: string[]) => ({ name, split, metrics: {}, warnings });
  const models = [model('a', 'test', 'ties', 'few'), model('b', 'test', 'few'), model('a', 'validation', 'few')];
  expect(warningsOf([...models, { name: 'c', split: 'test', metrics: {} }])).toEqual([
    ...['a on test: ties.', 'a, b on test: few.', 'a on validation: few.'],
  ]);
});
