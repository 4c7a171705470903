import { describe, expect, it } from 'vitest';
import { measureRates, type Rates, SIDES, threshold } from './measure.ts';
import { noteOf } from './open-library.ts';

const rates = (...library: readonly number[]): Rates[] =>
  SIDES.map((side, i) => ({ side, ours: 100, library: library[i] }));

describe('the side from which on a library multiplies', () => {
  it('is the least after which it is never again as slow as ours', () => {
    expect(threshold(rates(130, 150, 200, 300))).toBe(32);
    expect(threshold(rates(20, 150, 200, 300))).toBe(64);
    expect(threshold(rates(120, 90, 200, 300))).toBe(128);
    expect(threshold(rates(20, 50, 100, 300))).toBe(256);
  });

  it('is none where the largest products are as fast by ours', () => {
    expect(threshold(rates(300, 300, 300, 115))).toBe(Number.POSITIVE_INFINITY);
    expect(threshold(rates(50, 60, 70, 80))).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes a quarter more than our rate at least', () => {
    expect(threshold(rates(1, 1, 1, 124))).toBe(Number.POSITIVE_INFINITY);
    expect(threshold(rates(1, 1, 1, 126))).toBe(256);
  });

  it('comes of rates by a clock, the best of some rounds in turn', () => {
    let clock = 0;
    let disturbed = 0;
    const calls: string[] = [];
    const found = measureRates({
      // Every other turn of ours is disturbed for a second.
      ours(side) {
        clock += (2 * 384 * side * side) / 100e6 + (disturbed++ === 0 ? 1000 : 0);
        calls.push('ours');
      },
      library(side) {
        clock += (2 * 384 * side * side) / (side * 1e6);
        calls.push('library');
      },
      now: () => clock,
    });
    expect(found.map(({ side }) => side)).toEqual([...SIDES]);
    for (const { side, ours, library } of found) {
      expect(ours).toBeCloseTo(100, 6);
      expect(library).toBeCloseTo(side, 6);
    }
    expect(threshold(found)).toBe(128);
    const turns = calls.filter((name, i) => name !== calls[i - 1]);
    expect(turns.slice(0, 4)).toEqual(['ours', 'library', 'ours', 'library']);
  });
});

describe('a library that is slower than ours', () => {
  const openblas = { version: 'OpenBLAS 0.3.21', core: 'Prescott' };

  it('is told with its kernels and both rates', () => {
    expect(noteOf(openblas, rates(20, 25, 27, 28))).toBe(
      'blas: OpenBLAS 0.3.21 multiplies with its kernels for Prescott at 28 GFLOP/s where ours make 100; another library may be faster',
    );
  });

  it('is not one that is about as fast', () => {
    expect(noteOf(openblas, rates(1, 2, 3, 71))).toBeUndefined();
  });
});
