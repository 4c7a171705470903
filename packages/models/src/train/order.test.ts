import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundsBetweenGroups, orderOfEpoch } from './order.ts';

it('groups stay together in any order of an epoch, each member once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 40 }), fc.nat(5), (together, epoch) => {
      const order = orderOfEpoch({ count: together.length, epoch, seed: 3, shuffle: true, together });
      expect([...order].sort((a, b) => a - b)).toEqual(together.map((_, i) => i));
      const runs = [...order].filter((e, i) => i === 0 || together[e] !== together[order[i - 1]]);
      expect(runs).toHaveLength(new Set(together).size);
      // Members keep their order.
      for (let i = 1; i < order.length; i++) {
        if (together[order[i]] === together[order[i - 1]]) expect(order[i]).toBeGreaterThan(order[i - 1]);
      }
    }),
  );
});

it('the order changes with the epoch, and not without shuffling', () => {
  const together = Array.from({ length: 30 }, (_, i) => i % 10);
  const of = (epoch: number, shuffle: boolean) => [...orderOfEpoch({ count: 30, epoch, seed: 1, shuffle, together })];
  expect(of(0, true)).not.toEqual(of(1, true));
  expect(of(0, false)).toEqual(of(1, false));
});

it('parts begin where a group does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }), fc.nat(30), (sizes, at) => {
      const groups = sizes.flatMap((size, g) => new Array<number>(size).fill(g));
      const cut = Math.min(at, groups.length);
      const [first, bound, last] = boundsBetweenGroups(Int32Array.of(0, cut, groups.length), (i) => groups[i]);
      expect([first, last]).toEqual([0, groups.length]);
      expect(bound).toBeGreaterThanOrEqual(cut);
      if (bound > 0 && bound < groups.length) expect(groups[bound]).not.toBe(groups[bound - 1]);
      expect(bound - cut).toBeLessThan(4);
    }),
  );
});
