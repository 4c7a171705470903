import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discountedGain, hitGain, overTies, reciprocalGain } from './gains.ts';
import { gainOf } from './metric-definitions.ts';
import { metricsFromRanks } from './metrics.ts';
import { exactPlace } from './ranks.ts';
import { metricsUnder, rankUnder, type TieRule, tieWarning } from './ties.ts';

/** All orders of a list. */
function permutations<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((head, i) => permutations(list.toSpliced(i, 1)).map((rest) => [head, ...rest]));
}

/** Mean of `f(rank of the target)` over every order of the candidates that sorts them by score. */
function meanOverOrders(scores: readonly number[], target: number, f: (rank: number) => number): number {
  const above = scores.filter((score) => score > scores[target]).length;
  const equal = [...scores.keys()].filter((item) => scores[item] === scores[target]);
  const orders = permutations(equal);
  return orders.reduce((sum, order) => sum + f(above + 1 + order.indexOf(target)), 0) / orders.length;
}

describe('gains with ties', () => {
  it('are the mean over all orders of the tied items', () => {
    // At most six equal scores: 720 orders.
    const problem = fc.record({
      scores: fc
        .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 10 })
        .filter((scores) => scores.every((score) => scores.filter((other) => other === score).length <= 6)),
      pick: fc.nat(),
      k: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(problem, ({ scores, pick, k }) => {
        const target = pick % scores.length;
        const place = exactPlace({
          scores: [9, ...scores],
          base: 0,
          target: target + 1,
          lastItem: scores.length,
          excluded: [],
        });
        const [rank, tied] = [rankUnder('expected', place), place.equalBefore + place.equalAfter];
        const hit = (r: number): number => (r <= k ? 1 : 0);
        expect(hitGain(k)(rank, tied)).toBeCloseTo(meanOverOrders(scores, target, hit), 12);
        const discount = (r: number): number => (r <= k ? 1 / Math.log2(r + 1) : 0);
        expect(discountedGain(k)(rank, tied)).toBeCloseTo(meanOverOrders(scores, target, discount), 12);
        const reciprocal = meanOverOrders(scores, target, (r) => 1 / r);
        expect(reciprocalGain(rank, tied)).toBeCloseTo(reciprocal, 12);
        expect(overTies((r) => 1 / r)(rank, tied)).toBeCloseTo(reciprocal, 12);
      }),
      { numRuns: 60 },
    );
  });

  it('without ties have the bits of the plain formulas', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 500 }), (rank, k) => {
        expect(hitGain(k)(rank)).toBe(rank <= k ? 1 : 0);
        expect(discountedGain(k)(rank)).toBe(rank <= k ? 1 / Math.log2(rank + 1) : 0);
        expect(reciprocalGain(rank)).toBe(1 / rank);
      }),
    );
    for (const gain of [hitGain(5), discountedGain(5), reciprocalGain, overTies((r) => 1 / r)])
      expect(gain(Number.POSITIVE_INFINITY)).toBe(0);
  });

  it('reciprocal: long runs of ties by the series of the harmonic numbers', () => {
    for (const [rank, tied] of [
      [1, 254],
      [1, 255],
      [1, 256],
      [1, 3882],
      [5, 1000],
      [255, 256],
      [256, 256],
      [257, 256],
      [257, 300],
      [1000, 1_000_000],
    ]) {
      // Kahan's sum: as exact as a float64 is.
      let [sum, lost] = [0, 0];
      for (let r = rank + tied; r >= rank; r--) {
        const term = 1 / r - lost;
        const next = sum + term;
        lost = next - sum - term;
        sum = next;
      }
      expect(Math.abs(reciprocalGain(rank, tied) / (sum / (tied + 1)) - 1)).toBeLessThan(3e-15);
    }
  });

  it('a target that ties with all of 1,000 others is at rank 10 or better once in a hundred times', () => {
    expect(hitGain(10)(1, 999)).toBe(0.01);
    expect(hitGain(10)(11, 999)).toBe(0);
    expect(hitGain(10)(10, 1)).toBe(0.5);
    expect(hitGain(10)(9, 1)).toBe(1);
  });

  it('have names', () => {
    expect(gainOf('HR@5')(5)).toBe(1);
    expect(gainOf('NDCG@5')(3)).toBe(0.5);
    expect(gainOf('MRR')(4)).toBe(0.25);
    for (const name of ['HR', 'HR@0', 'Recall@5', 'mrr'])
      expect(() => gainOf(name)).toThrow(`metrics: expected HR@k, NDCG@k or MRR; got ${name}`);
  });
});

describe('metrics of tied ranks', () => {
  const recorded = (ties: TieRule) => ({ ranks: [1, 3, 8], tied: [1, 0, 4], ties });

  it('are means of the gains; another rule than expected does not look at the ties', () => {
    const expected = metricsUnder(recorded('expected'), [1, 10]);
    expect(expected['HR@1']).toBeCloseTo(0.5 / 3, 14);
    expect(expected['HR@10']).toBeCloseTo((1 + 1 + 3 / 5) / 3, 14);
    expect(metricsUnder(recorded('optimistic'), [1, 10])).toEqual(metricsFromRanks([1, 3, 8], [1, 10]));
    expect(() => metricsFromRanks([1, 2], [1], [0])).toThrow(
      'metrics: expected as many numbers of ties as ranks, 2; got 1',
    );
  });

  it('warn from more than 1 % of tied targets on', () => {
    const none = { ranks: Array(100).fill(1), tied: [3, ...Array(99).fill(0)], ties: 'expected' as const };
    expect(tieWarning(none, 1)).toBeUndefined();
    const two = { ...none, tied: [3, 2, ...Array(98).fill(0)] };
    expect(tieWarning(two, 1)).toBe(
      'ties: 2 of 100 targets (2.0 %) have exactly the score of another candidate, of 2.5 on average; HR@1 would be 1.0000 with every target first among its equals, 0.9800 with every target last',
    );
    expect(tieWarning({ ranks: [3], tied: [2], ties: 'pessimistic' }, 1)).toMatch(/orders HR@1 is 0.3333$/);
    expect(tieWarning({ ranks: [3], tied: [2], ties: 'lower-id' }, 1)).toMatch(/when their id is lower$/);
  });
});
