import { expect, it } from 'vitest';
import type { Recorded } from '../../run/verdict/bootstrap.ts';
import { type Estimate, estimates, gainsOf } from './statistics.ts';

function recorded(...ranks: number[]): Recorded {
  return {
    ranks: Float32Array.from(ranks),
    tied: new Int32Array(ranks.length),
    ties: 'expected',
    users: Int32Array.from(ranks, (_, user) => user),
  };
}

const estimate = (seeds: readonly Recorded[], metric: string): Estimate =>
  estimates([gainsOf(seeds, metric)], seeds[0])[0];
const difference = (a: readonly Recorded[], b: readonly Recorded[], metric: string): Estimate => {
  const of = gainsOf(a, metric);
  return estimates([gainsOf(b, metric).map((gain, q) => gain - of[q])], a[0])[0];
};

it('means are over users and seeds, with an interval that holds them', () => {
  const users = [recorded(1, 20, 3, 40, 1, 20, 3, 40), recorded(1, 1, 30, 40, 1, 1, 30, 40)];
  const { mean, low, high } = estimate(users, 'HR@10');
  expect(mean).toBe((1 + 0.5 + 0.5 + 0) / 4);
  expect(low).toBeLessThan(mean);
  expect(high).toBeGreaterThan(mean);
});

it('a difference that every user has is sure, whatever the users differ by', () => {
  const ranks = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? 1 : 3));
  const worse = ranks.map((rank) => (rank === 1 ? 1e9 : rank));
  const sure = difference([recorded(...ranks.map(() => 20))], [recorded(...ranks)], 'HR@10');
  expect(sure).toEqual({ mean: 1, low: 1, high: 1 });
  const half = difference([recorded(...ranks)], [recorded(...worse)], 'HR@10');
  expect(half.mean).toBe(-0.5);
  expect(half.high).toBeLessThan(0);
});

it('nothing is told from noise', () => {
  const a = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : 20));
  const b = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 20 : 1));
  const { low, high } = difference([recorded(...a)], [recorded(...b)], 'HR@10');
  expect(low).toBeLessThan(0);
  expect(high).toBeGreaterThan(0);
});

it('there is no interval over fewer users than any says something of', () => {
  expect(estimate([recorded(1, 20, 3, 40, 1)], 'HR@10')).toEqual({ mean: 3 / 5 });
});
