import { describe, expect, it } from 'vitest';
import { uniformNegatives } from '../index.ts';

describe('uniformNegatives, at the edges', () => {
  it.each([
    [{ count: -1, numItems: 3 }, 'uniformNegatives: expected a count of 0 or more; got -1'],
    [{ count: 1.5, numItems: 3 }, 'uniformNegatives: expected a count of 0 or more; got 1.5'],
    [{ count: 1, numItems: 0 }, 'uniformNegatives: expected numItems of 1 or more; got 0'],
    [{ count: 1, numItems: 2.5 }, 'uniformNegatives: expected numItems of 1 or more; got 2.5'],
    [{ count: 1, numItems: 2, exclude: [1, 2] }, 'uniformNegatives: expected items to draw; got all 2 excluded'],
  ])('refuses %j', (options, message) => {
    expect(() => uniformNegatives({ seed: 1, ...options })).toThrow(message);
  });

  it('draws none from nothing; ignores what is no item; takes the items between the excluded ones', () => {
    expect(uniformNegatives({ count: 0, numItems: 2, seed: 1, exclude: [1, 2] })).toHaveLength(0);
    expect([...uniformNegatives({ count: 9, numItems: 1, seed: 1, exclude: [0, 2, 7] })]).toEqual(
      new Array<number>(9).fill(1),
    );
    expect(new Set(uniformNegatives({ count: 200, numItems: 6, seed: 1, exclude: [1, 3, 3, 6] }))).toEqual(
      new Set([2, 4, 5]),
    );
  });

  it('is the draw of step 0 unless told', () => {
    const draw = (step?: number) => uniformNegatives({ count: 50, numItems: 1000, seed: 1, step });
    expect(draw()).toEqual(draw(0));
  });
});
