import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Interactions, interactionsFromArrays, leaveLastOut } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { itemKnnBaseline } from './item-knn.ts';
import { markovBaseline } from './markov.ts';
import { popularityBaseline } from './popularity.ts';
import { evaluateScorer, type Scorer } from './scorer.ts';

// Needs the data folder (SEQREC_DATA): the reviews may not be redistributed, so they are not in the repository.
const file = process.env.SEQREC_DATA && join(process.env.SEQREC_DATA, 'amazon2014-beauty', 'interactions.tsv');

function readBeauty(path: string): Interactions {
  const rows = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  return interactionsFromArrays({
    name: 'amazon2014-beauty',
    users: rows.map(([user]) => user),
    items: rows.map(([, item]) => item),
    timestamps: rows.map(([, , time]) => Number(time)),
  });
}

describe.skipIf(!file || !existsSync(file))('amazon2014-beauty, leave-last-out, file order', () => {
  // R@5, N@5, R@10, N@10 computed independently for this file and protocol; printed to four digits, hence the bound.
  it.each([
    ['popularity', [0.0075, 0.0041, 0.0115, 0.0055]],
    ['item-knn', [0.0499, 0.0349, 0.0689, 0.0411]],
    ['markov', [0.0509, 0.0389, 0.0629, 0.0428]],
  ])('%s has the known figures', async (name, expected) => {
    const { train, test, interactions } = leaveLastOut(readBeauty(file as string));
    expect([interactions.numUsers, interactions.numItems, interactions.numEvents]).toEqual([22363, 12101, 198502]);
    const made = { popularity: popularityBaseline, 'item-knn': itemKnnBaseline, markov: markovBaseline };
    const scorer: Scorer = made[name as keyof typeof made](train);
    const { metrics } = await evaluateScorer({ scorer, examples: test, ks: [5, 10], ties: 'lower-id' });
    if (process.env.SEQREC_PRINT) console.log(name, metrics);
    for (const [i, key] of ['HR@5', 'NDCG@5', 'HR@10', 'NDCG@10'].entries()) {
      expect(Math.abs(metrics[key] - expected[i]), `${key} ${metrics[key]}`).toBeLessThan(0.00006);
    }
  });
});
