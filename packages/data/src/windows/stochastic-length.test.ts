import { describe, expect, it } from 'vitest';
import { world } from '../../test/world.ts';
import {
  batches,
  expectedLength,
  latestWindow,
  shortLength,
  stochasticLength,
  subsequenceRules,
  trainTest,
  wholeChance,
} from '../index.ts';

describe('stochasticLength', () => {
  const { train } = trainTest(world(Array.from({ length: 300 }, (_, u) => 3 + 2 * u)));

  it.each([1.2, 1.6, 1.9, 2])('keeps the length of the closed form within a hundredth: alpha %d', (alpha) => {
    const policy = stochasticLength({ maxLength: 256, alpha, subsequence: 'recent', seed: 1 });
    let total = 0;
    let whole = 0;
    const epochs = 200;
    const windowOf = (e: number): number => Math.min(256, train.targets[e] - train.starts[e]);
    for (let e = 0; e < epochs; e++) {
      const { starts, targets } = policy.examples(train, e);
      for (let i = 0; i < targets.length; i++) {
        total += targets[i] - starts[i];
        if (targets[i] - starts[i] === windowOf(i)) whole++;
      }
    }
    let expected = 0;
    let [chances, variance] = [0, 0];
    for (let i = 0; i < train.targets.length; i++) {
      const length = windowOf(i);
      // Written out from the paper, apart from the code under test.
      const short = Math.round(256 ** (alpha / 2));
      const p = 256 ** alpha / length ** 2;
      expected += length <= short ? length : p * length + (1 - p) * short;
      chances += length <= short ? 1 : p;
      variance += length <= short ? 0 : p * (1 - p);
      expect(expectedLength(length, { maxLength: 256, alpha })).toBeCloseTo(
        length <= short ? length : p * length + (1 - p) * short,
        9,
      );
    }
    expect(total / epochs / expected).toBeGreaterThan(0.99);
    expect(total / epochs / expected).toBeLessThan(1.01);
    if (alpha === 2) expect(total / epochs).toBe(expected);
    // The mean length hardly tells a chance that is a little off.
    expect(Math.abs(whole - epochs * chances)).toBeLessThanOrEqual(4 * Math.sqrt(epochs * variance));
    expect(wholeChance(256, { maxLength: 256, alpha })).toBeCloseTo(256 ** (alpha - 2), 12);
  });

  it.each(subsequenceRules)('keeps ascending events of the latest N and the example its target: %s', (subsequence) => {
    const maxLength = 64;
    const set = stochasticLength({ maxLength, alpha: 1.5, subsequence, seed: 3 }).examples(train, 5);
    const window = latestWindow(train, { maxLength });
    const short = shortLength({ maxLength, alpha: 1.5 });
    let shortened = 0;
    let e = 0;
    for (const batch of batches(set, { batchSize: 7 })) {
      for (let b = 0; b < batch.users.length; b++, e++) {
        const [from, to] = [batch.offsets[b], batch.offsets[b + 1]];
        // In this world the item of an event is its number plus 1.
        const events = [...batch.itemIds.subarray(from, to)].map((item) =>
          Number(train.interactions.items.external(item)),
        );
        const next = [...batch.targets.subarray(from, to)].map((item) =>
          Number(train.interactions.items.external(item)),
        );
        expect(next).toEqual([...events.slice(1), train.targets[e]]);
        expect(events.every((event, i) => event >= window.starts[e] && (i === 0 || event > events[i - 1]))).toBe(true);
        const whole = window.targets[e] - window.starts[e];
        if (events.length < whole) shortened++;
        expect([Math.min(whole, short), whole]).toContain(events.length);
      }
    }
    expect(e).toBe(train.targets.length);
    expect(shortened).toBeGreaterThan(50);
  });

  it('prefers recent events when weighted, and none when random', () => {
    const long = trainTest(world(new Array(400).fill(34))).train;
    const share = (subsequence: 'random' | 'weighted') => {
      const counts = new Float64Array(32);
      let sets = 0;
      for (let epoch = 0; epoch < 20; epoch++) {
        const set = stochasticLength({ maxLength: 32, alpha: 1.2, subsequence, seed: 8 }).examples(long, epoch);
        const { offsets, indices } = set.events as NonNullable<typeof set.events>;
        for (let e = 0; e < long.targets.length; e++) {
          if (offsets[e + 1] - offsets[e] === 32) continue;
          sets++;
          for (let i = offsets[e]; i < offsets[e + 1]; i++) counts[indices[i] - long.starts[e]]++;
        }
      }
      return { counts, sets };
    };
    const short = shortLength({ maxLength: 32, alpha: 1.2 });
    const uniform = share('random');
    for (const count of uniform.counts) {
      const chance = short / 32;
      expect(Math.abs(count / uniform.sets - chance)).toBeLessThan(5 * Math.sqrt(chance / uniform.sets));
    }
    const { counts } = share('weighted');
    const half = (from: number, to: number) => counts.slice(from, to).reduce((a, b) => a + b);
    expect(half(16, 32)).toBeGreaterThan(half(0, 16) * 1.01);
  });

  it('refuses an alpha outside (1, 2]', () => {
    expect(() => stochasticLength({ maxLength: 8, alpha: 1, seed: 0 })).toThrow(
      'stochasticLength: expected alpha above 1 and at most 2; got 1',
    );
  });
});
