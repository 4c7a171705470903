import { expect, it } from 'vitest';
import { lineThrough } from './measure-compute.ts';
import { measureExchange } from './measure-exchange.ts';

it('a line through two batches, never with a negative part', () => {
  const line = lineThrough([
    { cost: 800, seconds: 0.9 },
    { cost: 100, seconds: 0.2 },
  ]);
  expect(line.fixed).toBeCloseTo(0.1, 12);
  expect(line.perCost).toBeCloseTo(0.001, 12);
  const through = (large: number, small: number) =>
    lineThrough([
      { cost: 800, seconds: large },
      { cost: 100, seconds: small },
    ]);
  expect(through(0.8, 0.05)).toEqual({ fixed: 0, perCost: 0.001 });
  expect(through(0.8, 0.9)).toEqual({ fixed: 0.8, perCost: 0 });
  const same = { cost: 10, seconds: 0.5 };
  expect(lineThrough([same, same])).toEqual({ fixed: 0, perCost: 0.05 });
});

it('threads of this machine exchange bytes at some rate, after some latency', async () => {
  const { name, latency, bandwidth, source } = await measureExchange();
  expect(name).toBe('laptop');
  expect(latency).toBeGreaterThan(0);
  expect(latency).toBeLessThan(0.1);
  expect(bandwidth).toBeGreaterThan(1e8);
  expect(source).toBe('measured here between two threads: median of 40 exchanges of 16 MiB each way');
});
