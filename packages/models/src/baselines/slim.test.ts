import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { slimBaseline, slimBytes } from './slim.ts';
import { drawnSequences, scoresOf, trainingSet } from './test-support/sequences.ts';

const ITEMS = 14;

/** Column `j` of the weights by proximal gradient steps on dense matrices, with a step that is small enough. */
function plainColumn(sequences: readonly (readonly number[])[], j: number, l1: number, l2: number): number[] {
  const x = sequences.map((items) => Array.from({ length: ITEMS }, (_, i) => (items.includes(i) ? 1 : 0)));
  const gram = Array.from({ length: ITEMS }, (_, a) =>
    Array.from({ length: ITEMS }, (_value, b) => x.reduce((sum, row) => sum + row[a] * row[b], 0)),
  );
  const step = 1 / (gram.reduce((sum, row, i) => sum + row[i], 0) + l2);
  let w = new Array<number>(ITEMS).fill(0);
  for (let t = 0; t < 3000; t++) {
    w = w.map((value, i) => {
      if (i === j) return 0;
      const slope = gram[i].reduce((sum, g, k) => sum + g * w[k], 0) - gram[i][j] + l2 * value;
      return Math.max(0, value - step * (slope + l1));
    });
  }
  return w;
}

describe('SLIM', () => {
  it.each([
    [0.1, 0.5],
    [1, 2],
    [0, 3],
    [2, 0.01],
  ])('l1 %d, l2 %d: is the plain float64 minimum', async (l1, l2) => {
    const sequences = drawnSequences(40, ITEMS, 3);
    const scorer = await slimBaseline(trainingSet(sequences, ITEMS), { l1, l2, tolerance: 1e-12 });
    const expected = Array.from({ length: ITEMS }, (_, j) => plainColumn(sequences, j, l1, l2));
    expect(expected.flat().some((weight) => weight > 0)).toBe(true);
    for (let i = 0; i < ITEMS; i++) {
      for (const [j, weight] of scoresOf(scorer, [i]).entries()) expect(weight).toBeCloseTo(expected[j][i], 7);
    }
    // Each distinct item counts once.
    const both = scoresOf(scorer, [3, 5, 3]);
    const [three, five] = [3, 5].map((item) => scoresOf(scorer, [item]));
    for (const [j, score] of both.entries()) expect(score).toBeCloseTo(three[j] + five[j], 12);
  });

  it('a looser tolerance is near it, and a large l1 leaves nothing', async () => {
    const train = trainingSet(drawnSequences(40, ITEMS, 3), ITEMS);
    const exact = await slimBaseline(train, { l1: 1, l2: 2, tolerance: 1e-12 });
    const near = await slimBaseline(train, { l1: 1, l2: 2, tolerance: 1e-3 });
    for (let i = 0; i < ITEMS; i++) {
      const expected = scoresOf(exact, [i]);
      for (const [j, weight] of scoresOf(near, [i]).entries())
        expect(Math.abs(weight - expected[j])).toBeLessThan(0.01);
    }
    const none = await slimBaseline(train, { l1: 100, l2: 1 });
    for (let i = 0; i < ITEMS; i++) expect(scoresOf(none, [i])).toEqual(new Array(ITEMS).fill(0));
  });

  it('says how far it is, and what it needs', async () => {
    const train = trainingSet(
      [
        [0, 1],
        [1, 2],
        [3, 4],
      ],
      5,
    );
    const told: number[] = [];
    await slimBaseline(train, { onProgress: ({ done, total }) => told.push(done, total) });
    expect(told).toEqual([5, 5]);
    // Pairs with a common user, both ways and each item with itself: 2 + 3 + 2 + 2 + 2.
    expect(slimBytes(train)).toBe(12 * 11);
  });

  it.each([
    [{ l1: -1 }, 'slim: l1: expected a number of at least 0; got -1'],
    [{ l1: 0, l2: 0 }, 'slim: expected l1 or l2 above 0; got both 0: items with the same users have no one answer'],
    [{ tolerance: 0 }, 'slim: tolerance: expected a number above 0; got 0'],
  ])('refuses %j', async (options, message) => {
    const made = slimBaseline(trainingSet([[0, 1]], 2), options);
    await expect(made).rejects.toThrow(ConfigError);
    await expect(slimBaseline(trainingSet([[0, 1]], 2), options)).rejects.toThrow(message);
  });
});
