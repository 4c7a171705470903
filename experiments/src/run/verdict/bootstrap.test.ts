import { expect, it } from 'vitest';
import { fewUsersOf, metricIntervals } from './bootstrap.ts';

const recorded = (ranks: readonly number[], users: readonly number[] = ranks.map((_, q) => q)) => ({
  ranks: Float32Array.from(ranks),
  tied: new Int32Array(ranks.length),
  ties: 'expected' as const,
  users: Int32Array.from(users),
});
const repeat = (count: number, ranks: readonly number[]): number[] => Array(count).fill(ranks).flat();

it('the interval of a hit rate is that of a share of so many users', () => {
  // 400 users, a quarter of them hits: 1.96 standard errors are .0424.
  const [low, high] = metricIntervals(recorded(repeat(100, [1, 20, 20, 20])), ['HR@10'], { resamples: 4000 })['HR@10'];
  expect((low + high) / 2).toBeCloseTo(0.25, 2);
  expect((high - low) / 2).toBeGreaterThan(0.039);
  expect((high - low) / 2).toBeLessThan(0.046);
});

it('users are drawn, not queries', () => {
  const ranks = repeat(50, [1, 1, 1, 1, 20, 20, 20, 20]);
  const width = (users: number[]): number => {
    const [low, high] = metricIntervals(recorded(ranks, users), ['HR@10'], { resamples: 2000 })['HR@10'];
    return high - low;
  };
  const apart = width(ranks.map((_, q) => q));
  // Four queries of a user are all hits or all misses: a quarter as many independent draws.
  const together = width(ranks.map((_, q) => Math.floor(q / 4)));
  expect(together / apart).toBeGreaterThan(1.8);
  expect(together / apart).toBeLessThan(2.2);
});

it('ties count by their rule, and users of one rank have no spread', () => {
  const tied = { ...recorded(repeat(6, [1])), tied: new Int32Array(6).fill(1) };
  expect(metricIntervals(tied, ['HR@1', 'MRR'])).toEqual({ 'HR@1': [0.5, 0.5], MRR: [0.75, 0.75] });
  expect(metricIntervals({ ...tied, ties: 'optimistic' }, ['HR@1'])).toEqual({ 'HR@1': [1, 1] });
});

it('five users have no intervals, however many their queries are', () => {
  const ranks = repeat(50, [1, 20]);
  const users = ranks.map((_, q) => q % 5);
  expect(metricIntervals(recorded(ranks, users), ['HR@10'])).toEqual({});
  expect(fewUsersOf(recorded(ranks, users).users)).toEqual([
    'Intervals over users: none; 5 users: too few for an interval.',
  ]);
});
