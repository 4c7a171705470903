import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.ts';
import { randomWalkBaseline } from './random-walk.ts';
import { drawnSequences, scoresOf, trainingSet } from './test-support/sequences.ts';

/** `sum over i of (P_iu^alpha P_ui^alpha)_ij / n_j^beta` by dense matrices of the graph. */
function plain(
  sequences: readonly (readonly number[])[],
  numItems: number,
  history: readonly number[],
  { alpha, beta }: { readonly alpha: number; readonly beta: number },
): number[] {
  const has = sequences.map((items) => Array.from({ length: numItems }, (_, i) => (items.includes(i) ? 1 : 0)));
  const users = Array.from({ length: numItems }, (_, i) => has.reduce((sum, row) => sum + row[i], 0));
  const itemsOf = has.map((row) => row.reduce((sum: number, x) => sum + x, 0));
  return Array.from({ length: numItems }, (_, j) => {
    let score = 0;
    for (const i of new Set(history)) {
      for (const [u, row] of has.entries()) {
        if (row[i] === 0 || row[j] === 0) continue;
        score += (1 / users[i]) ** alpha * (1 / itemsOf[u]) ** alpha;
      }
    }
    return users[j] === 0 ? 0 : score / users[j] ** beta;
  });
}

describe('random walk', () => {
  it('is the plain float64 formula for any exponents', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 1.5, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 6 }),
        (seed, alpha, beta, history) => {
          const sequences = drawnSequences(9, 12, seed);
          const scorer = randomWalkBaseline(trainingSet(sequences, 12), { alpha, beta });
          const expected = plain(sequences, 12, history, { alpha, beta });
          for (const [j, score] of scoresOf(scorer, history).entries()) expect(score).toBeCloseTo(expected[j], 11);
          // Rows are kept, and a second answer is the same.
          expect(scoresOf(scorer, history)).toEqual(scoresOf(scorer, history));
        },
      ),
      { numRuns: 25, seed: 3 },
    );
  });

  it('with alpha 1 and beta 0 from one item is a distribution', () => {
    const sequences = drawnSequences(20, 10, 5);
    const scorer = randomWalkBaseline(trainingSet(sequences, 10), { alpha: 1, beta: 0 });
    const sum = scoresOf(scorer, [sequences[0][0]]).reduce((total, score) => total + score, 0);
    expect(sum).toBeCloseTo(1, 12);
  });

  it.each([
    [{ alpha: -1 }, 'random-walk: alpha: expected a number of at least 0; got -1'],
    [{ beta: Number.NaN }, 'random-walk: beta: expected a number of at least 0; got NaN'],
  ])('refuses %j', (options, message) => {
    const make = () => randomWalkBaseline(trainingSet([[0, 1]], 2), options);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});
