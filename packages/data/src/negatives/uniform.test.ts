import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochOrder, uniformNegatives } from '../index.ts';

describe('uniformNegatives', () => {
  it('draws from 1..numItems without the excluded items, the same for the same seed and step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 0, max: 45 })),
        fc.integer(),
        fc.nat(),
        (numItems, exclude, seed, step) => {
          const free = Array.from({ length: numItems }, (_, n) => n + 1).filter((item) => !exclude.includes(item));
          const options = { count: 200, numItems, seed, step, exclude };
          if (free.length === 0) {
            expect(() => uniformNegatives(options)).toThrow('expected items to draw; got all');
            return;
          }
          const drawn = uniformNegatives(options);
          expect([...drawn].every((item) => free.includes(item))).toBe(true);
          expect(uniformNegatives(options)).toEqual(drawn);
        },
      ),
    );
  });

  it('is uniform over what is left', () => {
    const numItems = 20;
    const exclude = [1, 2, 10, 20];
    const count = 64_000;
    const seen = new Map<number, number>();
    for (const item of uniformNegatives({ count, numItems, seed: 3, exclude }))
      seen.set(item, (seen.get(item) ?? 0) + 1);
    expect(seen.size).toBe(16);
    // 15 degrees of freedom: above 44.3 once in ten thousand seeds.
    const chi2 = [...seen.values()].reduce((sum, n) => sum + (n - 4000) ** 2 / 4000, 0);
    expect(chi2).toBeLessThan(44.3);
  });

  it('differs from step to step', () => {
    const draw = (step: number) => uniformNegatives({ count: 50, numItems: 1000, seed: 1, step });
    expect(draw(0)).not.toEqual(draw(1));
  });
});

describe('epochOrder', () => {
  it('is a permutation that depends on seed and epoch', () => {
    const order = epochOrder(100, 7, 0);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(epochOrder(100, 7, 0)).toEqual(order);
    expect(epochOrder(100, 7, 1)).not.toEqual(order);
    expect(epochOrder(100, 8, 0)).not.toEqual(order);
  });
});
