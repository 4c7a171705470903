import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { renderListing } from '../../terminal/listing.ts';
import { benchEvaluate, listEvaluateBench } from './evaluate.ts';

const request = {
  recipe: 'ml-1m/hstu',
  overrides: [],
  backend: { backend: 'simd' },
  quiet: true,
  // No data set lies here.
  dataFolder: tmpdir(),
  rounds: 2,
};

it('ranks synthetic vectors and says why the recipe is left out', async () => {
  const bench = await benchEvaluate({ ...request, large: false, users: 300, items: 700, width: 20 });
  expect(bench.ranking.size).toEqual({ users: 300, items: 700, width: 20, seen: 108 });
  expect(bench.ranking.top10).toBeGreaterThan(0);
  expect(bench.whole).toBeUndefined();
  expect(bench.missing).toMatch(/data set ml-1m: expected/);
  expect(renderListing(listEvaluateBench(bench))).toMatch(/share +\d+ % of our 1024 x 1024 x 1024 product/);
});

it('ranks a shrunken large case in bounded memory', async () => {
  const bench = await benchEvaluate({ ...request, large: true, users: 5000, items: 20_000, width: 8 });
  const { before, peak } = bench.ranking.heap ?? { before: 0, peak: Number.POSITIVE_INFINITY };
  // All scores would take 400 MB.
  expect(peak - before).toBeLessThan(32 * 2 ** 20);
  expect(bench.missing).toBeUndefined();
});
