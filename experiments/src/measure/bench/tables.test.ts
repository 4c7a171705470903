import { zipfWorld } from '@seqrec/data';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { renderListing } from '../../terminal/listing.ts';
import { idBatch, popularShare } from './table-ids.ts';
import { policyRates } from './table-policies.ts';
import { hitRates } from './table-steps.ts';
import { benchTables } from './tables.ts';
import { listTablesBench } from './tables-listing.ts';

it('draws ids of the table by their popularity, and different ranks have different ids', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 2 ** 31 - 1 }),
      fc.nat(1000),
      fc.constantFrom(0, 1, 1.05),
      (rows, step, exponent) => {
        const { all, distinct } = idBatch({ rows, exponent, count: 50, seed: 1 }, step);
        for (const id of all) expect(id >= 1 && id < rows).toBe(true);
        expect([...distinct]).toEqual([...new Set(all)].sort((a, b) => a - b));
      },
    ),
  );
  // Each as likely: all ids come, but that of padding.
  expect(idBatch({ rows: 51, exponent: 0, count: 5000, seed: 1 }, 0).distinct.length).toBe(50);
  const stream = { rows: 10_000, exponent: 1.05, count: 100_000, seed: 1 };
  const counts = new Map<number, number>();
  for (const id of idBatch(stream, 0).all) counts.set(id, (counts.get(id) ?? 0) + 1);
  const popular = [...counts.values()].sort((a, b) => b - a).slice(0, 100);
  const share = popular.reduce((sum, count) => sum + count, 0) / stream.count;
  expect(share).toBeCloseTo(popularShare(stream, 100), 1);
});

it('has the popular ids of zipfWorld', () => {
  const rows = 5_000_000;
  const { itemIds } = zipfWorld({ users: 5000, items: rows - 1, length: 4, exponent: 1.3, seed: 3 });
  const top = (ids: Int32Array): number[] => {
    const counts = new Map<number, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return [...counts]
      .sort(([, a], [, b]) => b - a)
      .slice(0, 3)
      .map(([id]) => id);
  };
  expect(top(idBatch({ rows, exponent: 1.3, count: 20_000, seed: 1 }, 0).all)).toEqual(top(itemIds));
});

it('no way to choose beats knowing what is popular, and counting beats the plain clock', () => {
  const rates = policyRates({ rows: 20_000, exponent: 1.05, seed: 1 }, 200);
  const best = rates.at(-1)!.hitRate;
  for (const { hitRate } of rates.slice(0, -1)) expect(hitRate).toBeLessThan(best + 0.02);
  const of = (policy: string): number => rates.find((rate) => rate.policy === policy)!.hitRate;
  expect(of('clock that counts to 15')).toBeGreaterThan(of('clock'));
  expect(Math.abs(of('clock') - of('least recently used'))).toBeLessThan(0.03);
});

it('counts a row that is missing in both calls of a step twice, and a repetition as a hit', () => {
  const zero = { rowsRead: 0, rowsMade: 0, rowsWritten: 0, reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0 };
  const before = { ...zero, lookups: 100, hits: 50 };
  // 10 distinct rows, asked for twice; 4 of the first calls missed, 1 of the second.
  const after = { ...zero, lookups: 120, hits: 65 };
  expect(hitRates(before, after, 50)).toEqual({ lookups: 0.9, distinct: 0.5 });
});

itInFull('measures tables in memory and in a file, and finds the same bits', async () => {
  const request = { backend: {}, rows: 3000, width: 4, cache: 0.1, zipf: 1.05, ids: 200, steps: 2, rounds: 1 };
  const bench = await benchTables({ ...request, quiet: true });
  expect(bench.equal).toEqual({ rows: 3000, steps: 2 });
  expect(bench.contestants.map(({ milliseconds }) => milliseconds.length)).toEqual([2, 2, 2]);
  expect(bench.model.contestants.map(({ milliseconds }) => milliseconds.length)).toEqual([2, 2, 2]);
  expect(bench.hitRate.lookups).toBeGreaterThan(bench.hitRate.distinct);
  expect(bench.file.rowsWritten).toBeGreaterThan(0);
  expect(renderListing(listTablesBench(bench))).toMatch(/bits +3,000 rows equal those in memory after 2 steps/);
});
