import { describe, expect, it } from 'vitest';
import { objectiveFlops } from './registry.ts';

const work = { labels: 100, embeddingDim: 8, numItems: 50 };
const products = (candidates: number) => ({ forward: 1600 * candidates, backward: 3200 * candidates });

describe('products of an objective', () => {
  it.each([
    [{ kind: 'sampled-softmax', numNegatives: 7 }, 8],
    [{ kind: 'bce', numNegatives: 3 }, 4],
    [{ kind: 'gbce', numNegatives: 5 }, 6],
    [{ kind: 'full-softmax' }, 51],
    [{ kind: 'pool-softmax', negatives: { kind: 'mixed', inBatch: 5000, random: 20 }, logQ: 'none' }, 121],
    [{ kind: 'pool-softmax', negatives: { kind: 'mixed', inBatch: 30, random: 20 }, logQ: 'none' }, 51],
    [{ kind: 'pool-softmax', negatives: { kind: 'random', random: 20 }, logQ: 'none' }, 21],
    [{ kind: 'pool-softmax', negatives: { kind: 'in-batch', inBatch: 30 }, logQ: 'none' }, 31],
  ] as const)('%j', (objective, candidates) => {
    expect(objectiveFlops(objective, work)).toEqual(products(candidates));
  });

  it('scalable cross-entropy: buckets are chosen forwards alone', () => {
    const sizes = { kind: 'sce', buckets: 3, bucketPairs: 10, bucketItems: 7 } as const;
    const scores = 2 * 8 * (3 * 10 * 7 + 100);
    const chosen = (centres: number) => 2 * 8 * 3 * (centres + 100 + 50);
    expect(objectiveFlops(sizes, work)).toEqual({ forward: chosen(100) + scores, backward: 2 * scores });
    expect(objectiveFlops({ ...sizes, mix: false }, work)).toEqual({
      forward: chosen(0) + scores,
      backward: 2 * scores,
    });
    // Twice the root of 100 labels, and no more items than there are.
    const large = 2 * 8 * (20 * 20 * 50 + 100);
    expect(objectiveFlops({ kind: 'sce' }, work)?.backward).toBe(2 * large);
  });
});
