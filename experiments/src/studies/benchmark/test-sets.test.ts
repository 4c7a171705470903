import { interactionsFromArrays } from '@seqrec/data';
import { expect, it } from 'vitest';
import { splitBy } from '../../data/split-by.ts';
import { testSets } from './test-sets.ts';

it('further tests are of a split by time, by its name or an object', () => {
  const users = Array.from({ length: 40 }, (_, i) => i % 4);
  const interactions = interactionsFromArrays({
    name: 'x',
    users,
    items: users.map((_, i) => i),
    timestamps: users.map((_, i) => i),
  });
  const of = (split: Parameters<typeof splitBy>[0]) =>
    testSets(
      { data: { format: 'named', name: 'ml-1m', split } },
      { split: splitBy(split, interactions) },
      { last: 'last' },
    );
  expect([...of('global-time').keys()]).toEqual(['', 'last']);
  expect([...of('global-time').get('last')!.targets]).toEqual([
    ...of({ kind: 'global-time' } as never).get('last')!.targets,
  ]);
  expect(() => of('leave-last-out')).toThrow(
    `benchmark: tests: expected data.split of the kind global-time for 'last'; got "leave-last-out"`,
  );
});
