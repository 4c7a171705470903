import { describe, expect, it } from 'vitest';
import { world } from '../../test/world.ts';
import {
  expectedLength,
  interactionsFromArrays,
  shortLength,
  stochasticLength,
  trainTest,
  wholeChance,
} from '../index.ts';

/** Many users whose training histories have events at the same times; the target comes at the last of them too. */
function alike(times: readonly number[], users: number) {
  const own = [...times, times.at(-1)! + 1, times.at(-1)! + 2];
  const events = Array.from({ length: users }, (_, user) => own.map((time) => ({ user, time }))).flat();
  return trainTest(
    interactionsFromArrays({
      name: 'alike',
      users: events.map(({ user }) => user),
      items: events.map((_, e) => e % own.length),
      timestamps: events.map(({ time }) => time),
    }),
  ).train;
}

/** How often each event of a history was left out of those that were cut. */
function leftOut(times: readonly number[], subsequence: 'random' | 'weighted' | undefined, epochs: number) {
  const set = alike(times, 200);
  const policy = stochasticLength({ maxLength: times.length, alpha: 1.01, subsequence, seed: 6 });
  const counts = new Array<number>(times.length).fill(0);
  let cut = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const { events } = policy.examples(set, epoch);
    for (let e = 0; e < set.targets.length; e++) {
      const kept = [...events!.indices.subarray(events!.offsets[e], events!.offsets[e + 1])];
      if (kept.length === times.length) continue;
      cut++;
      for (let i = 0; i < times.length; i++) if (!kept.includes(set.starts[e] + i)) counts[i]++;
    }
  }
  return { counts, cut };
}

describe('stochastic length, weighted', () => {
  it('draws without replacement with weights 1 - f / sum f', () => {
    // Times 0, 1, 3: f = 3, 2, 0, weights .4, .6, 1; two of three stay (3^.505 = 1.74). Event 0 is left out when 1
    // and 2 are drawn, in either order: .6/2 * 1/1.4 + 1/2 * .6/1; the others alike.
    expect(shortLength({ maxLength: 3, alpha: 1.01 })).toBe(2);
    const { counts, cut } = leftOut([0, 1, 3], undefined, 40);
    const chances = [
      (0.6 / 2) * (1 / 1.4) + (1 / 2) * (0.6 / 1),
      (0.4 / 2) * (1 / 1.6) + (1 / 2) * (0.4 / 1),
      (0.4 / 2) * (0.6 / 1.6) + (0.6 / 2) * (0.4 / 1.4),
    ];
    expect(cut).toBeGreaterThan(2000);
    chances.forEach((chance, i) => {
      expect(Math.abs(counts[i] / cut - chance)).toBeLessThan(4 * Math.sqrt((chance * (1 - chance)) / cut));
    });
  });

  it('an event of weight 0 is the first to go', () => {
    // Only event 0 is older than the newest: f = 9, 0, 0, weights 0, 1, 1.
    const { counts, cut } = leftOut([0, 9, 9], 'weighted', 10);
    expect(counts).toEqual([cut, 0, 0]);
  });

  it.each([
    ['weighted', [5, 5, 5]],
    ['random', [0, 1, 3]],
  ] as const)('%s is uniform over events at %j', (subsequence, times) => {
    const { counts, cut } = leftOut(times, subsequence, 40);
    for (const count of counts) {
      expect(Math.abs(count / cut - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / cut));
    }
  });
});

it('every example of a set is cut in some epoch, the first and the last too', () => {
  const set = alike([0, 1, 2, 3], 5);
  const policy = stochasticLength({ maxLength: 4, alpha: 1.01, subsequence: 'recent', seed: 2 });
  const cut = new Set<number>();
  for (let epoch = 0; epoch < 40; epoch++) {
    policy.examples(set, epoch).starts.forEach((start, e) => {
      if (start > set.starts[e]) cut.add(e);
    });
  }
  expect(cut.size).toBe(5);
});

describe('stochastic length, its numbers', () => {
  it('N^(alpha / 2), N^alpha / n^2 and the mean', () => {
    expect(shortLength({ maxLength: 256, alpha: 1.5 })).toBe(64);
    expect(wholeChance(64, { maxLength: 256, alpha: 1.5 })).toBe(1);
    expect(wholeChance(128, { maxLength: 256, alpha: 1.5 })).toBe(0.25);
    expect(wholeChance(256, { maxLength: 256, alpha: 1.5 })).toBe(1 / 16);
    expect(expectedLength(128, { maxLength: 256, alpha: 1.5 })).toBe(0.25 * 128 + 0.75 * 64);
    // Of 1000 events only the latest 256 are there to be cut.
    expect(expectedLength(1000, { maxLength: 256, alpha: 1.5 })).toBe(256 / 16 + (64 * 15) / 16);
    expect(expectedLength(10, { maxLength: 256, alpha: 1.5 })).toBe(10);
    // 10^.55 = 3.55 rounds to 4: a history of 4 is whole though 10^1.1 / 16 is below 1.
    expect(wholeChance(4, { maxLength: 10, alpha: 1.1 })).toBe(1);
  });

  it('says its options', () => {
    expect(stochasticLength({ maxLength: 8, alpha: 1.5, seed: 3 })).toMatchObject({
      name: 'stochastic-length 1.5 weighted',
      maxLength: 8,
      reach: 8,
      settings: { maxLength: 8, alpha: 1.5, subsequence: 'weighted', seed: 3 },
      equalBudget: false,
    });
  });

  it('recent keeps ranges; the others list events', () => {
    const { train } = trainTest(world([20, 20]));
    const at = (subsequence: 'recent' | 'random') =>
      stochasticLength({ maxLength: 16, alpha: 1.2, subsequence, seed: 1 }).examples(train, 0);
    expect(at('recent').events).toBeUndefined();
    expect(at('random').events?.indices.length).toBe(at('random').events?.offsets.at(-1));
  });

  it.each([
    [{ alpha: 2.1 }, 'stochasticLength: expected alpha above 1 and at most 2; got 2.1'],
    [{ alpha: Number.NaN }, 'expected alpha above 1 and at most 2; got NaN'],
    [{ maxLength: 0 }, 'stochasticLength: expected maxLength of 1 or more'],
    [{ subsequence: 'newest' }, 'stochasticLength: expected subsequence recent, random, weighted; got "newest"'],
  ])('refuses %j', (options, message) => {
    expect(() => stochasticLength({ maxLength: 8, alpha: 1.5, seed: 3, ...options } as never)).toThrow(message);
  });

  it('refuses an epoch before the first', () => {
    const { train } = trainTest(world([20]));
    expect(() => stochasticLength({ maxLength: 8, alpha: 2, seed: 3 }).examples(train, -1)).toThrow(
      'stochasticLength: expected epoch of 0 or more',
    );
  });
});
