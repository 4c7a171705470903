import { expect, it } from 'vitest';
import { OptionError } from '../errors.ts';
import { zipfWorld } from './zipf-world.ts';

it('draws items by Zipf, all over the ids', () => {
  const { itemIds, numItems, numUsers, items } = zipfWorld({ users: 2000, items: 1000, length: 20, seed: 1 });
  expect([numItems, numUsers, items.external(1000)]).toEqual([1000, 2000, '1000']);
  const counts = new Map<number, number>();
  for (const id of itemIds) counts.set(id, (counts.get(id) ?? 0) + 1);
  const sorted = [...counts.values()].sort((a, b) => b - a);
  // Rank 1 has probability ln 2 / ln 1001 = 0.1003, ranks 1 to 31 half of the mass.
  expect(sorted[0] / itemIds.length).toBeCloseTo(0.1, 1.7);
  expect(sorted.slice(0, 31).reduce((a, b) => a + b) / itemIds.length).toBeCloseTo(0.5, 1.7);
  const popular = [...counts].sort(([, a], [, b]) => b - a).slice(0, 30);
  expect(Math.max(...popular.map(([id]) => id))).toBeGreaterThan(500);
  expect(Math.min(...itemIds)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...itemIds)).toBeLessThanOrEqual(1000);
});

it('is flat with exponent 0, and a function of its options', () => {
  const options = { users: 500, items: 50, length: 10, exponent: 0, seed: 3 };
  const world = zipfWorld(options);
  expect(new Set(world.itemIds).size).toBe(50);
  expect(zipfWorld(options).digest).toBe(world.digest);
  expect(zipfWorld({ ...options, seed: 4 }).digest).not.toBe(world.digest);
});

it('refuses what it cannot make', () => {
  expect(() => zipfWorld({ users: 1, items: 0, length: 5, seed: 1 })).toThrow(OptionError);
  expect(() => zipfWorld({ users: 1, items: 0, length: 5, seed: 1 })).toThrow(
    'zipfWorld: expected items of 1 or more; got 0',
  );
});
