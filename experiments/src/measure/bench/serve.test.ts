import { describe, expect, test } from 'vitest';
import { renderListing } from '../../terminal/listing.ts';
import { runMain } from '../../testing/run-main.ts';
import { latencyOf, timeCalls } from './latency.ts';
import { benchServe, breakEvenOf } from './serve.ts';
import { listServeBench } from './serve-listing.ts';
import { benchServeLoad, listServeLoadBench } from './serve-load.ts';
import { serveLoadFigure } from './serve-load-figure.ts';
import { benchServeUsers, listServeUsersBench } from './serve-users.ts';

describe('seqrec bench serve', () => {
  test('measures every length and block, and keeps as many bytes as the formula says', async () => {
    const shape = { blocks: 2, heads: 1, width: 8, dim: 16 };
    const grid = { lengths: [32, 64], candidates: 20, microbatches: [8, 32], rounds: 1 };
    const bench = await benchServe({ shape, ...grid, backend: { backend: 'simd' }, quiet: true, budget: 20 });
    expect(bench.points.map(({ tokens }) => tokens)).toEqual([32, 64]);
    for (const { tokens, bytes, formulaBytes, append, appendEncode, full, candidates } of bench.points) {
      // Pages of 32 tokens, all full.
      expect(bytes).toBe(4 * 2 * tokens * 16);
      expect(formulaBytes).toBe(bytes);
      for (const { median, p99, calls, gflops } of [full, append, appendEncode]) {
        expect(median).toBeGreaterThan(0);
        expect(p99).toBeGreaterThanOrEqual(median);
        expect(calls).toBeGreaterThan(0);
        expect(gflops).toBeGreaterThan(0);
      }
      expect(candidates.map(({ microbatch }) => microbatch)).toEqual([8, 32]);
    }
    expect(renderListing(listServeBench(bench))).toMatch(/one user, milliseconds\n\ntokens +full ms/);
  }, 60_000);

  test('refuses lengths that are not of whole events', async () => {
    const { code, errors } = await runMain('bench', 'serve', '--length', '64,65');
    expect(code).toBe(2);
    expect(errors).toContain('--length: expected even numbers, an item and an action for each event; got 65');
  });
});

describe('seqrec bench serve --users', () => {
  test('measures appends, and keeps whole pages of every user', async () => {
    const shape = { blocks: 2, heads: 1, width: 8, dim: 16 };
    const request = { backend: { backend: 'simd' }, shape, users: 70, window: 40, calls: 5, quiet: true };
    const bench = await benchServeUsers(request);
    // 39 events are two pages of 32 tokens.
    expect(bench.bytes).toBe(70 * 64 * 4 * 2 * 16);
    expect(bench.formulaBytes).toBe(70 * 39 * 4 * 2 * 16);
    expect(bench.reservedBytes).toBeGreaterThanOrEqual(bench.bytes);
    expect(bench.heapBytes).toBeGreaterThanOrEqual(bench.reservedBytes);
    expect(bench.details).toMatchObject({ threads: 1 });
    expect([bench.append.calls, bench.appendEncode.calls, bench.appendMany.users]).toEqual([5, 5, 64]);
    expect(renderListing(listServeUsersBench(bench))).toContain('an event of users drawn anew, histories of 39 events');
  }, 60_000);

  test('refuses options of the grid', async () => {
    const { code, errors } = await runMain('bench', 'serve', '--users', '10', '--microbatch', '16');
    expect(code).toBe(2);
    expect(errors).toContain('--microbatch: expected it without --users');
  });
});

describe('seqrec bench serve --load', () => {
  test('hits more with more room, always with room for all', async () => {
    const shape = { blocks: 2, heads: 1, width: 8, dim: 16 };
    const request = { backend: { backend: 'simd' }, shape, users: 48, window: 20, requests: 100, quiet: true };
    const bench = await benchServeLoad(request);
    const hits = bench.rows.map(({ hitRate }) => hitRate);
    expect(hits).toEqual(hits.toSorted((a, b) => a - b));
    expect(hits[0]).toBeGreaterThan(0);
    expect(hits[0]).toBeLessThan(0.8);
    expect(hits.at(-1)).toBe(1);
    for (const { rate, busy, curve } of bench.rows) {
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(busy).toBeLessThanOrEqual(1 + 1e-9);
      expect(curve.map(({ p99 }) => p99)).toEqual(curve.map(({ p99 }) => p99).toSorted((a, b) => a - b));
    }
    expect(renderListing(listServeLoadBench(bench))).toContain('requests/s, p99 <= 80 ms');
    expect(serveLoadFigure(bench)).toContain('requests a second');
  }, 60_000);

  test('--plot is of --load', async () => {
    const { code, errors } = await runMain('bench', 'serve', '--plot', 'load.svg');
    expect(code).toBe(2);
    expect(errors).toContain('--plot: expected it with --load');
  });
});

describe('the break-even length', () => {
  const points = (...ratios: number[]) => ratios.map((ratioEncode, i) => ({ tokens: 64 * 2 ** i, ratioEncode }));

  test('lies between two lengths, on logarithmic axes', () => {
    // A half at 64 and 2 at 128: 1 in the middle.
    expect(breakEvenOf(points(0.5, 2, 4))).toBe(Math.round(64 * Math.SQRT2));
    expect(breakEvenOf(points(0.5, 0.9, 1))).toBe(256);
  });

  test('is none where nothing or everything is faster', () => {
    expect(breakEvenOf(points(2, 4))).toBeUndefined();
    expect(breakEvenOf(points(0.1, 0.9))).toBeUndefined();
  });
});

test('p99 is the nearest rank, and calls that warm up are not timed', async () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(latencyOf(hundred)).toEqual({ median: 50.5, p99: 99, calls: 100 });
  const into: number[] = [];
  let [calls, undone] = [0, 0];
  const after = async (): Promise<void> => void undone++;
  await timeCalls(async () => void calls++, { warm: 3, most: 5, budget: 1e6, after }, into);
  expect([into.length, calls, undone]).toEqual([5, 8, 8]);
  await timeCalls(async () => void calls++, { warm: 0, most: 5, budget: 0 }, into);
  expect(into.length).toBe(6);
});
