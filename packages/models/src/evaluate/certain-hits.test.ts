import { interactionsFromArrays, leaveLastOut } from '@seqrec/data';
import { expect, it } from 'vitest';
import { popularityBaseline } from '../baselines/popularity.ts';
import { evaluateScorer } from '../baselines/scorer.ts';
import { certainHitWarning } from './certain-hits.ts';

it('says at which cut-offs a hit is certain, for more than 1 % of the queries', () => {
  expect(certainHitWarning([1, 2, 9, 300], [200, 1, 5], true)).toBe(
    'few candidates are left without the items of the history: at most 1 for 1 of 4 queries (25.0 %), ' +
      'at most 5 for 2 of 4 queries (50.0 %), at most 200 for 3 of 4 queries (75.0 %), which are hits at that cut-off whatever the order',
  );
  expect(certainHitWarning([6, 300], [1, 5], 'all')).toBeUndefined();
  expect(certainHitWarning([1, ...new Array<number>(99).fill(300)], [5], true)).toBeUndefined();
  expect(certainHitWarning([], [5], true)).toBeUndefined();
});

/** User a has taken every item, b two of five; the target of a is one that a had before. */
const events = { a: [1, 2, 3, 4, 5, 1, 2], b: [1, 2, 1, 2, 3] };

it('counts candidates without the distinct items of the history, with the target', async () => {
  const entries = Object.entries(events);
  const { train, test } = leaveLastOut(
    interactionsFromArrays({
      name: 'small',
      users: entries.flatMap(([user, items]) => items.map(() => user)),
      items: entries.flatMap(([, items]) => items),
      timestamps: entries.flatMap(([, items]) => items.map((_, i) => i)),
    }),
  );
  const scorer = popularityBaseline(train);
  const warningsWith = async (ks: number[], excludeSeen: boolean): Promise<string> =>
    (await evaluateScorer({ scorer, examples: test, ks, excludeSeen, ties: 'lower-id' })).warnings.join('\n');
  // a: its target alone. b: items 3, 4 and 5.
  expect(await warningsWith([1, 2], true)).toContain(
    'at most 1 for 1 of 2 queries (50.0 %), at most 2 for 1 of 2 queries',
  );
  expect(await warningsWith([3], true)).toContain('at most 3 for 2 of 2 queries (100.0 %)');
  expect(await warningsWith([3], false)).not.toContain('few candidates');
  // Nothing is left out: a cut-off is as long as the catalogue.
  expect(await warningsWith([5], false)).toContain(
    'there are few candidates: at most 5 for 2 of 2 queries (100.0 %), which are hits at that cut-off whatever the order',
  );
});
