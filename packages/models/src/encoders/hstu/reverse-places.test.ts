import { describe, expect, it } from 'vitest';
import { reversePlaces } from './reverse-places.ts';

const minutes = (...values: number[]): Float64Array => Float64Array.from(values, (value) => 60 * value);

describe('reversePlaces', () => {
  it('counts from the newest token of each sequence, which has 1; the last row stands for all further ones', () => {
    const tokens = { hostOffsets: Int32Array.of(0, 5, 5, 7), numTokens: 7 };
    const options = { numPositions: 4, numBuckets: 9, scale: 'sqrt' } as const;
    expect([...reversePlaces(tokens, new Float64Array(7), options).positions]).toEqual([3, 3, 3, 2, 1, 2, 1]);
    const more = reversePlaces(tokens, new Float64Array(7), { ...options, numPositions: 100 });
    expect([...more.positions]).toEqual([5, 4, 3, 2, 1, 2, 1]);
  });

  it('ages are roots, or logarithms, of the minutes before the newest event, from 0 up to the last bucket', () => {
    const tokens = { hostOffsets: Int32Array.of(0, 5, 7), numTokens: 7 };
    const times = minutes(0, 9000, 9975, 9999.5, 10_000, 50, 59);
    const ages = (scale: 'sqrt' | 'log', numBuckets: number): number[] => [
      ...reversePlaces(tokens, times, { numPositions: 9, numBuckets, scale }).ages,
    ];
    expect(ages('sqrt', 1000)).toEqual([100, 31, 5, 0, 0, 3, 0]);
    expect(ages('sqrt', 31)).toEqual([31, 31, 5, 0, 0, 3, 0]);
    expect(ages('log', 1000)).toEqual([9, 6, 3, 0, 0, 2, 0]);
    expect(ages('log', 5)).toEqual([5, 5, 3, 0, 0, 2, 0]);
  });

  it('targets share the place after the contextual tokens, which have the first', () => {
    const tokens = { hostOffsets: Int32Array.of(0, 7, 10), numTokens: 10 };
    const options = { numPositions: 5, numBuckets: 9, scale: 'sqrt', contextualLength: 2, numTargets: [2, 0] } as const;
    const { positions, ages } = reversePlaces(tokens, minutes(0, 0, 1, 2, 3, 12, 13, 5, 5, 9), options);
    expect([...positions]).toEqual([0, 1, 4, 4, 3, 2, 2, 0, 1, 3]);
    expect([...ages]).toEqual([3, 3, 3, 3, 3, 1, 0, 2, 2, 0]);
  });

  it('both tokens of an event have its age', () => {
    const tokens = { hostOffsets: Int32Array.of(0, 4, 6), numTokens: 6 };
    const places = reversePlaces(tokens, minutes(0, 16, 7), { numPositions: 9, numBuckets: 9, scale: 'sqrt' });
    expect([...places.positions]).toEqual([4, 3, 2, 1, 2, 1]);
    expect([...places.ages]).toEqual([4, 4, 0, 0, 0, 0]);
  });

  it('of no event there is none', () => {
    const none = { hostOffsets: Int32Array.of(0, 0), numTokens: 0 };
    const places = reversePlaces(none, new Float64Array(0), { numPositions: 9, numBuckets: 9, scale: 'log' });
    expect(places).toEqual({ positions: new Int32Array(0), ages: new Int32Array(0) });
  });
});
