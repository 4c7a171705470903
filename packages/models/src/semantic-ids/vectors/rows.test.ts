import { describe, expect, it } from 'vitest';
import { columnMoments, standardColumns, unitRows } from './rows.ts';

it('rows of length 1 stay bit for bit, others do not', () => {
  const values = Float64Array.from({ length: 900 }, (_, e) => Math.sin(e) * 10 ** (e % 7));
  const unit = unitRows({ count: 300, width: 3, values });
  expect(unitRows(unit).values).toEqual(unit.values);
  const nearly = { count: 1, width: 2, values: Float64Array.of(Math.fround(0.6), Math.fround(0.8)) };
  expect(Math.hypot(...unitRows(nearly).values)).toBeCloseTo(1, 15);
});

describe('standard columns', () => {
  const column = (values: readonly number[]) => ({ count: values.length, width: 1, values: Float64Array.from(values) });
  const standard = (values: readonly number[]) => {
    const rows = column(values);
    return [...standardColumns(rows, columnMoments(rows)).values];
  };

  it.each([1, 1000, 1e-6, 3e20])('of one value %d stay near 0, whatever its rounding to a float32', (value) => {
    const noisy = [0, 1, -1, 2, -2, 0].map((ulps) => Math.fround(value) * (1 + ulps * 2 ** -24));
    for (const each of standard(noisy)) expect(Math.abs(each)).toBeLessThanOrEqual(value * 2 ** -22);
    expect(standard([value, value, value])).toEqual([0, 0, 0].map((zero) => expect.closeTo(zero, 5)));
  });

  it.each([
    [-1, 1],
    [1000, 1001],
    [0, 1e-30],
  ])('of %d and %d have variance 1', (a, b) => {
    expect(standard([a, b])).toEqual([expect.closeTo(-1, 9), expect.closeTo(1, 9)]);
  });
});
