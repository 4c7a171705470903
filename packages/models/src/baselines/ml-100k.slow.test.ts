import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type ExampleSet, latestWindow, leaveLastOut, loadNamedDataset } from '@seqrec/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { easeBaseline } from './ease.ts';
import { itemKnnBaseline } from './item-knn.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { randomWalkBaseline } from './random-walk.ts';
import { recentPopularityBaseline } from './recent-popularity.ts';
import { evaluateScorer, type Scorer } from './scorer.ts';
import { slimBaseline } from './slim.ts';

// Needs the data folder (SEQREC_DATA), as MovieLens may not be redistributed.
const folder = process.env.SEQREC_DATA;

beforeAll(async () => {
  await useBackend('simd');
});

const made = {
  popularity: popularityBaseline,
  'recent-popularity': (train) => recentPopularityBaseline(train, { days: 7 }),
  markov: markovBaseline,
  'item-knn': itemKnnBaseline,
  'random-walk': randomWalkBaseline,
  slim: slimBaseline,
  ease: easeBaseline,
} satisfies Record<string, (train: ExampleSet) => Scorer | Promise<Scorer>>;

describe.skipIf(!folder || !existsSync(join(folder, 'ml-100k.zip')))('ml-100k, leave-last-out, whole histories', () => {
  // HR@10 and NDCG@10 by a numpy program that shares no code; SLIM there by non-negative least squares, which is exact.
  it.each([
    ['popularity', 0.084836, 0.044091],
    ['recent-popularity', 0.066243, 0.03324],
    ['markov', 0.1369, 0.073411],
    ['item-knn', 0.178155, 0.098984],
    ['random-walk', 0.123012, 0.062308],
    ['slim', 0.150583, 0.079293],
    ['ease', 0.141039, 0.073478],
  ] as const)('%s has the figures of an independent program', async (name, hitRate, ndcg) => {
    const { train, test } = leaveLastOut(await loadNamedDataset('ml-100k', folder as string));
    const scorer = await made[name](train);
    const examples = latestWindow(test, { maxLength: 200 });
    const { metrics } = await evaluateScorer({ scorer, examples, ks: [10], excludeSeen: 'all', history: 'all' });
    expect(Math.abs(metrics['HR@10'] - hitRate), `HR@10 ${metrics['HR@10']}`).toBeLessThan(2e-6);
    expect(Math.abs(metrics['NDCG@10'] - ndcg), `NDCG@10 ${metrics['NDCG@10']}`).toBeLessThan(2e-6);
  });
});
