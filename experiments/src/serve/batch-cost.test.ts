import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BatchCost } from './batch-cost.ts';

it('finds the line that batches lie on', () => {
  const positive = fc.double({ min: 0.01, max: 100, noNaN: true });
  const lengths = fc.uniqueArray(fc.integer({ min: 1, max: 256 }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(positive, positive, lengths, (a, b, ns) => {
      const cost = new BatchCost();
      for (const n of ns) cost.took(n, a + b * n);
      expect(cost.expected(100, 256)).toBeCloseTo(a + 100 * b, 4);
      expect(cost.expected(600, 256)).toBeCloseTo(3 * a + 600 * b, 3);
    }),
  );
});

it('one batch says nothing of longer ones: they are expected to take as long', () => {
  const cost = new BatchCost();
  expect(cost.expected(10, 256)).toBe(0);
  cost.took(1, 40);
  expect(cost.expected(13, 256)).toBeCloseTo(40);
  expect(cost.expected(257, 256)).toBeCloseTo(80);
});

it('is never negative, and forgets', () => {
  const cost = new BatchCost();
  cost.took(10, 1);
  cost.took(1, 100);
  expect(cost.expected(1000, 1000)).toBeGreaterThan(0);
  for (let i = 0; i < 200; i++) cost.took(1 + (i % 5), 2 * (1 + (i % 5)));
  expect(cost.expected(50, 256)).toBeCloseTo(100, 3);
});
