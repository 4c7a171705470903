import { interactionsFromArrays, leaveLastOut } from '@seqrec/data';
import { expect, it } from 'vitest';
import { measureSparsity } from './sparsity.ts';

const events = Array.from({ length: 60 * 40 }, (_, event) => event);
const { train } = leaveLastOut(
  interactionsFromArrays({
    name: 'world',
    users: events.map((event) => event % 60),
    items: events.map((event) => event % 50),
    timestamps: events,
  }),
);

it.each([1.6, 1.8, 2])('mean lengths match the closed form within 1 percent: alpha %f', (alpha) => {
  const found = measureSparsity(train, { alpha, lengths: [256, 1024], windows: [20], seed: 1 });
  expect(Object.keys(found)).toEqual(['sparsity 256', 'sparsity 1024', 'data 20', 'error']);
  expect(found.error).toBeLessThan(0.01);
  // Written out from the paper, for histories that fill N.
  for (const N of [256, 1024]) {
    const p = N ** (alpha - 2);
    const length = (1 - p) * Math.round(N ** (alpha / 2)) + p * N;
    expect(Math.abs((1 - found[`sparsity ${N}`]) * N - length) / length).toBeLessThan(0.01);
  }
  if (alpha === 2) expect(found['sparsity 1024']).toBe(0);
});
