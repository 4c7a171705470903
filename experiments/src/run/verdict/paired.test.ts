import { metricsUnder, type TieRule } from '@seqrec/models';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairedDifferences } from './paired.ts';

const ranksOf = (ranks: readonly number[], users = ranks.map((_, i) => i)) => ({
  ranks: Float32Array.from(ranks),
  tied: new Int32Array(ranks.length),
  ties: 'expected' as TieRule,
  users: Int32Array.from(users),
});

describe('paired differences', () => {
  it('of a model with itself are zero and nothing is significant', () => {
    const ranks = ranksOf([1, 5, 20, 300, Infinity]);
    const [hr] = pairedDifferences(ranks, ranks, ['HR@10'], { resamples: 200 });
    expect(hr).toMatchObject({ a: 0.4, b: 0.4, difference: 0, low: 0, high: 0, p: 1 });
  });

  it('of tied ranks are differences of expected metrics; ranks recorded as optimistic stay what they were', () => {
    const clear = ranksOf([1, 5, 20, Infinity]);
    const tied = { ...clear, tied: Int32Array.of(19, 0, 5, 0) };
    const [hr, , mrr] = pairedDifferences(clear, tied, ['HR@10', 'NDCG@10', 'MRR'], { resamples: 200 });
    expect(hr).toMatchObject({ a: 0.5, b: 0.375, difference: -0.125 });
    expect(mrr.b).toBeCloseTo(metricsUnder({ ...tied, ties: 'expected' }, [10]).MRR, 12);
    const [old] = pairedDifferences(clear, { ...tied, ties: 'optimistic' }, ['HR@10'], { resamples: 200 });
    expect(old.difference).toBe(0);
    expect(() => pairedDifferences(clear, clear, ['AUC'])).toThrow('expected HR@k, NDCG@k or MRR; got AUC');
  });

  it('p equals the exact sign test when every user differs by the same amount', () => {
    // Six users, all won by b: of 64 sign patterns two are as extreme.
    const [hr] = pairedDifferences(ranksOf(Array(6).fill(50)), ranksOf(Array(6).fill(2)), ['HR@10'], {
      resamples: 20_000,
    });
    expect(hr.difference).toBe(1);
    expect(hr.p).toBeGreaterThan(2 / 64 - 0.004);
    expect(hr.p).toBeLessThan(2 / 64 + 0.004);
  });

  it('the interval of a known difference has the width of the normal one', () => {
    // b wins 60 of 400 users that a misses, loses 20: mean .1, variance of a user's difference .19.
    const a = Array.from({ length: 400 }, (_, i) => (i < 60 ? 99 : i < 80 ? 1 : 50));
    const b = Array.from({ length: 400 }, (_, i) => (i < 60 ? 1 : i < 80 ? 99 : 50));
    const [hr] = pairedDifferences(ranksOf(a), ranksOf(b), ['HR@10'], { resamples: 4000 });
    const half = 1.96 * Math.sqrt(0.19 / 400);
    expect(hr.low).toBeCloseTo(0.1 - half, 1.7);
    expect(hr.high).toBeCloseTo(0.1 + half, 1.7);
    expect(hr.p).toBeLessThan(0.001);
  });

  it('swapping the models negates the difference', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })), { minLength: 3 }),
        (pairs) => {
          const a = ranksOf(pairs.map(([rank]) => rank));
          const b = ranksOf(pairs.map(([, rank]) => rank));
          const [there] = pairedDifferences(a, b, ['NDCG@10'], { resamples: 100 });
          const [back] = pairedDifferences(b, a, ['NDCG@10'], { resamples: 100 });
          expect(back.difference).toBeCloseTo(-there.difference, 12);
          expect(back.p).toBe(there.p);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('queries of one user stand and fall together', () => {
    const many = Array.from({ length: 200 }, (_, i) => i % 4);
    const a = ranksOf(Array(200).fill(50), many);
    const b = ranksOf(
      many.map((user) => (user === 0 ? 50 : 2)),
      many,
    );
    const clustered = pairedDifferences(a, b, ['HR@10'], { resamples: 1000 })[0];
    // Four users decide, however many queries they made: .75 of them for b says little.
    expect(clustered.difference).toBe(0.75);
    expect(clustered.p).toBeGreaterThan(0.1);
  });

  it('refuses other queries', () => {
    expect(() => pairedDifferences(ranksOf([1, 2]), ranksOf([1, 2, 3]), ['MRR'])).toThrow(
      'expected runs evaluated on the same queries; got 2 and 3',
    );
  });
});
