import { streamKey } from '@seqrec/core';
import { describe, expect, test } from 'vitest';
import { largestRate, poissonGaps, responseTimes, zipfDraws } from './open-loop.ts';
import { percentile } from './statistics.ts';

describe('an open loop', () => {
  test('waits for those before, by hand', () => {
    // Arrivals at 0, 10, 12, 40.
    expect(responseTimes([8, 5, 4, 1], [0, 10, 2, 28], 1)).toEqual([8, 5, 7, 1]);
    // Twice the rate: arrivals at 0, 5, 6, 20.
    expect(responseTimes([8, 5, 4, 1], [0, 10, 2, 28], 2)).toEqual([8, 8, 11, 1]);
  });

  test('has the mean response of an M/D/1 queue', () => {
    const gaps = poissonGaps(streamKey(1, 'gaps'), 200_000);
    const service = new Array<number>(200_000).fill(1);
    const times = responseTimes(service, gaps, 0.5);
    // 1 + rho / (2 (1 - rho)).
    expect(times.reduce((sum, x) => sum + x, 0) / times.length).toBeCloseTo(1.5, 1);
  });

  test('finds the largest rate that holds a bound', () => {
    const gaps = poissonGaps(streamKey(2, 'gaps'), 5000);
    const service = Array.from({ length: 5000 }, (_, i) => (i % 10 === 0 ? 12 : 2));
    const rate = largestRate(service, gaps, { bound: 80, share: 0.99 });
    const p99 = (perSecond: number): number => percentile(responseTimes(service, gaps, perSecond / 1000), 0.99);
    expect(p99(rate * 0.999)).toBeLessThanOrEqual(80);
    expect(p99(rate * 1.001)).toBeGreaterThan(80);
    expect(largestRate(service, gaps, { bound: 11, share: 0.99 })).toBe(0);
  });

  test('draws by Zipf', () => {
    const draws = zipfDraws(streamKey(3, 'zipf'), { n: 4, s: 1 }, 50_000);
    const counts = [0, 0, 0, 0];
    for (const draw of draws) counts[draw]++;
    const sum = 1 + 1 / 2 + 1 / 3 + 1 / 4;
    counts.forEach((count, i) => void expect(count / 50_000).toBeCloseTo(1 / (i + 1) / sum, 2));
  });
});
