import { latestWindow } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import type { ExcludeSeen } from '../evaluate/seen.ts';
import { tinySplit } from '../test-support/tiny.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { evaluateScorer, type Scorer } from './scorer.ts';
import { scorerLists } from './scorer-lists.ts';

const { train, test } = tinySplit();
const examples = latestWindow(test, { maxLength: 3 });
const { itemIds, userOffsets } = examples.interactions;

describe.each<[string, Scorer]>([
  ['popularity', popularityBaseline(train)],
  ['markov', markovBaseline(train)],
])('lists of %s', (_, scorer) => {
  it.each<[ExcludeSeen, 'window' | 'all', number]>([
    [true, 'window', 20],
    ['all', 'all', 20],
    [false, 'window', 20],
    [true, 'window', 8],
  ])(
    'are the highest scores in order, seen items %s left out, of histories %s, up to item %i',
    async (excludeSeen, history, last) => {
      const k = 4;
      const lists = await scorerLists({ scorer, examples, k, excludeSeen, history, candidates: () => last });
      expect(lists).toHaveLength(examples.targets.length);
      const out = new Float64Array(scorer.numItems + 1);
      for (const [e, target] of examples.targets.entries()) {
        const all = userOffsets[examples.users[e]];
        scorer.score(itemIds.subarray(history === 'all' ? all : examples.starts[e], target), out);
        const from = excludeSeen === false ? target : excludeSeen === 'all' ? all : examples.starts[e];
        const seen = new Set(itemIds.subarray(from, target));
        const expected = Array.from({ length: last }, (_, i) => i + 1)
          .filter((item) => out[item] !== 0 && !seen.has(item))
          .sort((a, b) => out[b] - out[a] || a - b)
          .slice(0, k);
        expect([...lists[e]], `example ${e}`).toEqual(expected);
      }
    },
  );

  it('hold a target where its rank says so', async () => {
    const k = 5;
    const { ranks } = await evaluateScorer({ scorer, examples, ks: [k], excludeSeen: true, ties: 'lower-id' as never });
    const lists = await scorerLists({ scorer, examples, k, excludeSeen: true });
    for (const [e, target] of examples.targets.entries()) {
      const seen = itemIds.subarray(examples.starts[e], target).includes(itemIds[target]);
      if (!seen) expect(lists[e].indexOf(itemIds[target]) + 1).toBe(ranks[e] <= k ? ranks[e] : 0);
    }
  });
});
