import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionsFromArrays, type MemoryColumn } from '../index.ts';
import type { Column } from '../table/column.ts';
import { applyTransform } from './apply.ts';
import { fitTransform } from './fit.ts';
import { encodedShape, FIRST_ROW, MISSING_ROW, type TransformSpec, UNKNOWN_ROW } from './spec.ts';

function columnOf(column: MemoryColumn): Column {
  const users = Array.from(column.values, () => 'u');
  return interactionsFromArrays({ name: 'rows', users, items: users, columns: { c: column } }).events.columns.get(
    'c',
  ) as Column;
}
const fit = (column: Column, rows: ArrayLike<number>, spec: Omit<TransformSpec, 'columns'>) =>
  fitTransform({ columns: ['c'], encode: 'steps', ...spec }, [column], rows);
const rowsOf = (fitted: ReturnType<typeof fit>, column: Column): number[] => {
  const encoded = applyTransform(fitted, [column]);
  return encoded.kind === 'row' ? [...encoded.values] : expect.unreachable();
};
const first = (count: number): number[] => Array.from({ length: count }, (_, row) => row);

describe('steps', () => {
  it('number the steps of the training rows, as a plain loop does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: -60, max: 60 }), { nil: null, freq: 5 }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(0.5, 1, 3, 10, 100),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        (values, width, minCount, cut) => {
          const column = columnOf({ kind: 'number', values });
          const trained = 1 + (cut % values.length);
          const fitted = fit(column, first(trained), { width, minCount });
          const stepOf = (value: number): number => {
            let step = 0;
            while (value < step * width) step--;
            while (value >= (step + 1) * width) step++;
            return step;
          };
          const counts = new Map<number, number>();
          for (const value of values.slice(0, trained))
            if (value !== null) counts.set(stepOf(value), (counts.get(stepOf(value)) ?? 0) + 1);
          const known = [...counts.keys()].filter((step) => (counts.get(step) ?? 0) >= minCount).sort((a, b) => a - b);
          expect(fitted).toEqual({ encode: 'steps', columns: ['c'], width, steps: known });
          expect(encodedShape(fitted)).toEqual({ kind: 'row', size: FIRST_ROW + known.length });
          // As a checkpoint keeps it.
          const kept = JSON.parse(JSON.stringify(fitted));
          expect(rowsOf(kept, column)).toEqual(
            values.map((value) => {
              if (value === null) return MISSING_ROW;
              const at = known.indexOf(stepOf(value));
              return at < 0 ? UNKNOWN_ROW : FIRST_ROW + at;
            }),
          );
          // Rows that do not train change nothing.
          const others = values.map((value, row) => (row < trained ? value : 12_345));
          expect(fit(columnOf({ kind: 'number', values: others }), first(trained), { width, minCount })).toEqual(
            fitted,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are decades of years', () => {
    const column = columnOf({ kind: 'number', values: [1999, 2000, 1990, 1989, null, 1919, 2010] });
    const fitted = fit(column, first(5), { width: 10 });
    expect(fitted).toMatchObject({ steps: [198, 199, 200] });
    expect(rowsOf(fitted, column)).toEqual([3, 4, 3, 2, MISSING_ROW, UNKNOWN_ROW, UNKNOWN_ROW]);
  });

  it('begin at decimals that floats do not have', () => {
    const tenths = first(40).map((k) => k - 20);
    for (const width of [0.1, 0.01, 0.3, 1e-3]) {
      const column = columnOf({ kind: 'number', values: tenths.map((k) => Number((k * width).toPrecision(12))) });
      expect(fit(column, first(40), { width })).toMatchObject({ steps: tenths });
      expect(rowsOf(fit(column, first(40), { width }), column)).toEqual(first(40).map((row) => FIRST_ROW + row));
      const below = columnOf({ kind: 'number', values: tenths.map((k) => (k - 1e-4) * width) });
      expect(fit(below, first(40), { width })).toMatchObject({ steps: tenths.map((k) => k - 1) });
    }
    // Times have as many digits as they need: a second before midnight is of the day before.
    const nights = columnOf({ kind: 'time', values: [20_000 * 86_400 - 1, 20_000 * 86_400] });
    expect(fit(nights, first(2), { width: 86_400 })).toMatchObject({ steps: [19_999, 20_000] });
  });

  it('are of times as well, and of nothing where training has no value', () => {
    const column = columnOf({ kind: 'time', values: [1.5e9, 1.5e9 + 86_400, null] });
    expect(rowsOf(fit(column, first(3), { width: 86_400 }), column)).toEqual([2, 3, MISSING_ROW]);
    expect(rowsOf(fit(column, [2], { width: 86_400 }), column)).toEqual([UNKNOWN_ROW, UNKNOWN_ROW, MISSING_ROW]);
  });

  it('know no infinite number', () => {
    const column = { kind: 'number', width: 1, values: Float32Array.of(1, Infinity, -Infinity) } as const;
    const fitted = fit(column, first(3), { width: 2 });
    expect(fitted).toMatchObject({ steps: [0] });
    expect(rowsOf(fitted, column)).toEqual([2, UNKNOWN_ROW, UNKNOWN_ROW]);
  });

  it('say what they need', () => {
    const column = columnOf({ kind: 'number', values: [1] });
    const wide = columnOf({ kind: 'number', width: 2, values: [[1, 2]] });
    expect(() => fit(column, [0], {})).toThrow('fitTransform: expected a width above 0 for steps; got none');
    for (const width of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => fit(column, [0], { width })).toThrow(`expected a width above 0 for steps; got ${width}`);
    expect(() => fit(column, [0], { width: 1, minCount: 0 })).toThrow('expected minCount of 1 or more; got 0');
    expect(() => fit(column, [0], { width: 1, buckets: 3 })).toThrow(
      'fitTransform: expected width, minCount with encode steps; got buckets 3',
    );
    expect(() => fit(column, [0], { encode: 'buckets', width: 1 })).toThrow(
      'fitTransform: expected buckets with encode buckets; got width 1',
    );
    expect(() => fit(wide, [0], { width: 1 })).toThrow(
      'expected one number a row for steps; got 2 in c; use standardise',
    );
    expect(() => fit(columnOf({ kind: 'id', values: ['a'] }), [0], { width: 1 })).toThrow(
      'expected encode ids, hash for c, a column of id; got steps',
    );
    expect(() => applyTransform(fit(column, [0], { width: 1 }), [wide])).toThrow('a column of number of width 1 in c');
  });
});
