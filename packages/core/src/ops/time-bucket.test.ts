import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timeBucket } from './time-bucket.ts';

it('gives the published buckets', () => {
  const day = 86_400;
  const cases: [number, number][] = [
    [0, 0],
    [1, 0],
    [2, 2],
    [10, 7],
    [60, 13],
    [600, 21],
    [3600, 27],
    [6 * 3600, 33],
    [day, 37],
    [7 * day, 44],
    [30 * day, 49],
    [365 * day, 57],
    [3650 * day, 65],
    [1e9, 68],
    [2 ** 31, 71],
  ];
  for (const [seconds, bucket] of cases) expect([seconds, timeBucket(seconds, 128)]).toEqual([seconds, bucket]);
  expect(timeBucket(1e9, 20)).toBe(20);
});

it('is even, monotone and inside the table', () => {
  const time = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(time, time, (a, b) => {
      expect(timeBucket(-a, 128)).toBe(timeBucket(a, 128));
      expect(timeBucket(Math.min(a, b), 128)).toBeLessThanOrEqual(timeBucket(Math.max(a, b), 128));
    }),
  );
});

it('fixture of four timestamps', () => {
  // Row i uses the time of the next event; the last row repeats its own.
  const times = [0, 10, 70, 4000];
  const next = [10, 70, 4000, 4000];
  const matrix = next.map((t, i) => times.slice(0, i + 1).map((s) => timeBucket(t - s, 128)));
  expect(matrix).toEqual([[7], [14, 13], [27, 27, 27], [27, 27, 27, 0]]);
});
