import { expect, it } from 'vitest';
import { lineThrough } from './measure-compute.ts';
import { measureExchange } from './measure-exchange.ts';

it('a line through batches of three sizes, by relative errors, never with a negative part', () => {
  const line = (...seconds: readonly number[]) =>
    lineThrough(seconds.map((each, i) => ({ cost: [640, 80, 10][i], seconds: each })));
  const exact = line(0.74, 0.18, 0.11);
  expect(exact.fixed).toBeCloseTo(0.1, 12);
  expect(exact.perCost).toBeCloseTo(0.001, 12);
  // Ten percent too long for the largest batch moves the fixed part by much less than the 0.07 s that it is too long.
  expect(Math.abs(line(1.1 * 0.74, 0.18, 0.11).fixed - 0.1)).toBeLessThan(0.005);
  const without = line(0.64, 0.08, 0.0099);
  expect(without.fixed).toBe(0);
  expect(without.perCost).toBeGreaterThan(0.00099);
  expect(without.perCost).toBeLessThan(0.001);
  const falling = line(0.1, 0.2, 0.3);
  expect(falling.perCost).toBe(0);
  expect(falling.fixed).toBeGreaterThan(0.1);
  expect(falling.fixed).toBeLessThan(0.2);
});

it('threads of this machine exchange bytes at some rate, after some latency', async () => {
  const { name, latency, bandwidth, source } = await measureExchange();
  expect(name).toBe('laptop');
  expect(latency).toBeGreaterThan(0);
  expect(latency).toBeLessThan(0.1);
  expect(bandwidth).toBeGreaterThan(1e8);
  expect(source).toBe('measured here between two threads: median of 40 exchanges of 16 MiB each way');
});
