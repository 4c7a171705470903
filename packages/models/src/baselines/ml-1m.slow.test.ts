import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type ExampleSet, latestWindow, leaveLastOut, loadNamedDataset } from '@seqrec/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { easeBaseline } from './ease.ts';
import { itemKnnBaseline } from './item-knn.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { evaluateScorer, type Scorer } from './scorer.ts';

// Needs the data folder (SEQREC_DATA), as MovieLens may not be redistributed.
const folder = process.env.SEQREC_DATA;

beforeAll(async () => {
  await useBackend('simd');
});

const made = {
  popularity: popularityBaseline,
  markov: markovBaseline,
  'item-knn': itemKnnBaseline,
  ease: easeBaseline,
} satisfies Record<string, (train: ExampleSet) => Scorer | Promise<Scorer>>;

describe.skipIf(!folder || !existsSync(join(folder, 'ml-1m.zip')))('ml-1m, leave-last-out, 200 events', () => {
  // HR@10 and NDCG@10 by a numpy program that shares no code: seen items of the window left out, then all seen items.
  it.each([
    ['popularity', [0.03394, 0.016454], [0.039404, 0.019398]],
    ['markov', [0.184631, 0.107912], [0.188015, 0.110228]],
    ['item-knn', [0.163411, 0.089769], [0.173179, 0.095454]],
    ['ease', [0.100662, 0.049801], [0.10596, 0.053778]],
  ] as const)('%s has the figures of an independent program', async (name, window, all) => {
    const interactions = await loadNamedDataset('ml-1m', folder as string);
    const { train, test } = leaveLastOut(interactions);
    const scorer = await made[name](train);
    const examples = latestWindow(test, { maxLength: 200 });
    for (const [excludeSeen, expected] of [
      [true, window],
      ['all', all],
    ] as const) {
      const { metrics } = await evaluateScorer({ scorer, examples, ks: [10], excludeSeen });
      expect(Math.abs(metrics['HR@10'] - expected[0]), `HR@10 ${metrics['HR@10']}`).toBeLessThan(2e-6);
      expect(Math.abs(metrics['NDCG@10'] - expected[1]), `NDCG@10 ${metrics['NDCG@10']}`).toBeLessThan(2e-6);
    }
  });

  it('EASE of whole histories has the figures of an independent program', async () => {
    const { train, test } = leaveLastOut(await loadNamedDataset('ml-1m', folder as string));
    const scorer = await easeBaseline(train);
    const examples = latestWindow(test, { maxLength: 200 });
    const { metrics } = await evaluateScorer({ scorer, examples, ks: [10], excludeSeen: 'all', history: 'all' });
    expect(Math.abs(metrics['HR@10'] - 0.108609), `HR@10 ${metrics['HR@10']}`).toBeLessThan(2e-6);
    expect(Math.abs(metrics['NDCG@10'] - 0.054328), `NDCG@10 ${metrics['NDCG@10']}`).toBeLessThan(2e-6);
  });
});
