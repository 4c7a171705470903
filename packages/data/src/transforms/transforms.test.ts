import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionsFromArrays, type MemoryColumn } from '../index.ts';
import type { Column } from '../table/column.ts';
import { applyTransform } from './apply.ts';
import { takeEncoded, withDistinctLists } from './encoded.ts';
import { fitTransform } from './fit.ts';
import { type EncodedColumn, encodedShape, FIRST_ROW, MISSING_ROW, type TransformSpec, UNKNOWN_ROW } from './spec.ts';

/** The columns of a table of events, in the order given. */
function columnsOf(columns: Readonly<Record<string, MemoryColumn>>): Map<string, Column> {
  const rows = Object.values(columns)[0].values.length;
  const data = interactionsFromArrays({
    name: 'rows',
    users: Array.from({ length: rows }, () => 'u'),
    items: Array.from({ length: rows }, (_, i) => i),
    columns,
  });
  return new Map(data.events.columns);
}

const columnOf = (column: MemoryColumn): Column => columnsOf({ c: column }).get('c') as Column;
const every = (column: Column): Int32Array => {
  const rows = column.kind === 'ids' ? column.offsets.length - 1 : column.values.length;
  return Int32Array.from({ length: rows }, (_, row) => row);
};
const fitOn = (column: Column, rows: ArrayLike<number>, spec: Omit<TransformSpec, 'columns'> = {}) =>
  fitTransform({ columns: ['c'], ...spec }, [column], rows);

/** What each row holds, lists in full. */
function rowsOf(encoded: EncodedColumn): number[][] {
  if (encoded.kind === 'number') {
    const { values, width } = encoded;
    return Array.from({ length: values.length / width }, (_, r) => [...values.subarray(r * width, (r + 1) * width)]);
  }
  if (encoded.kind === 'row') return Array.from(encoded.values, (value) => [value]);
  const list = (l: number): number[] => [...encoded.values.subarray(encoded.offsets[l], encoded.offsets[l + 1])];
  const { lists } = encoded;
  if (lists !== undefined) return Array.from(lists, list);
  return Array.from({ length: encoded.offsets.length - 1 }, (_, row) => list(row));
}

const words = fc.constantFrom('a', 'b', 'c', 'dd', 'É', '10', '9');
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });

describe('fitTransform and applyTransform', () => {
  it('number ids of the training part by their text, as a plain loop does', () => {
    fc.assert(
      fc.property(
        fc.array(optional(words), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        (values, minCount, cut) => {
          const column = columnOf({ kind: 'id', values });
          const train = every(column).filter((row) => row <= cut % values.length);
          const fitted = fitOn(column, train, { minCount });
          const counts = new Map<string, number>();
          for (const row of train) {
            const value = values[row];
            if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
          }
          const kept = [...counts.keys()].filter((id) => (counts.get(id) ?? 0) >= minCount).sort();
          const encoded = applyTransform(JSON.parse(JSON.stringify(fitted)), [column]);
          expect(encodedShape(fitted)).toEqual({ kind: 'row', size: FIRST_ROW + kept.length });
          expect(rowsOf(encoded).flat()).toEqual(
            values.map((value) =>
              value === null ? MISSING_ROW : kept.includes(value) ? FIRST_ROW + kept.indexOf(value) : UNKNOWN_ROW,
            ),
          );
        },
      ),
    );
  });

  it('do not change when rows outside the training part do', () => {
    const row = fc.record({ id: optional(words), list: fc.array(words, { maxLength: 4 }), x: optional(fc.integer()) });
    const specs: (readonly [string, Omit<TransformSpec, 'columns'>])[] = [
      ['id', { encode: 'ids' }],
      ['id', { encode: 'hash', buckets: 7 }],
      ['list', { maxLength: 2 }],
      ['x', { encode: 'buckets', buckets: 4 }],
      ['x', { encode: 'standardise' }],
    ];
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.array(row, { maxLength: 20 }),
        fc.array(row, { maxLength: 20 }),
        (train, test, other) => {
          const rows = train.map((_, i) => i);
          const tables = [test, other].map((rest) => {
            const all = [...train, ...rest];
            return columnsOf({
              id: { kind: 'id', values: all.map(({ id }) => id) },
              list: { kind: 'ids', values: all.map(({ list }) => list) },
              x: { kind: 'number', values: all.map(({ x }) => x) },
            });
          });
          for (const [name, spec] of specs) {
            const [one, two] = tables.map((table) => {
              const column = table.get(name) as Column;
              const fitted = fitTransform({ columns: [name], ...spec }, [column], rows);
              return { fitted, rows: rowsOf(takeEncoded(applyTransform(fitted, [column]), rows)) };
            });
            expect(one).toEqual(two);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('give every bucket its quantile, and a missing number the missing row', () => {
    fc.assert(
      fc.property(
        fc.array(optional(fc.double({ min: -1e6, max: 1e6, noNaN: true })), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        (values, buckets) => {
          const column = columnOf({ kind: 'number', values });
          const fitted = fitOn(column, every(column), { buckets });
          if (fitted.encode !== 'buckets') return expect.unreachable();
          const { bounds } = fitted;
          expect(bounds.length).toBeLessThan(buckets);
          expect(bounds.every((bound, i) => i === 0 || bound > bounds[i - 1])).toBe(true);
          const encoded = rowsOf(applyTransform(fitted, [column])).flat();
          values.forEach((value, row) => {
            const number = value === null ? undefined : Math.fround(value);
            const expected =
              number === undefined ? MISSING_ROW : FIRST_ROW + bounds.filter((bound) => number >= bound).length;
            expect(encoded[row]).toBe(expected);
          });
          // Every bucket has a value that it was made for.
          expect(new Set(encoded.filter((at) => at !== MISSING_ROW)).size).toBe(
            values.every((value) => value === null) ? 0 : bounds.length + 1,
          );
        },
      ),
    );
  });

  it('standardise to mean 0 and deviation 1 over the training rows, missing as the mean', () => {
    const column = columnOf({ kind: 'number', values: [1, 3, null, 5, 100] });
    const encoded = applyTransform(fitOn(column, [0, 1, 2, 3], { encode: 'standardise' }), [column]);
    const deviation = Math.sqrt(8 / 3);
    expect(rowsOf(encoded).flat()).toEqual([-2, 0, 0, 2, 97].map((x) => Math.fround(x / deviation)));
    const flat = columnOf({ kind: 'number', values: [4, 4] });
    expect(rowsOf(applyTransform(fitOn(flat, [0, 1], { encode: 'standardise' }), [flat])).flat()).toEqual([0, 0]);
  });

  it('take logarithms of counts, and as near as it goes of what training has not seen', () => {
    const column = columnOf({ kind: 'number', values: [0, Math.E - 1, -5] });
    const fitted = fitOn(column, [0, 1], { encode: 'log1p' });
    const [low, high, below] = rowsOf(applyTransform(fitted, [column])).flat();
    expect([low, high]).toEqual([-1, 1]);
    expect(below).toBeLessThan(-10);
    expect(Number.isFinite(below)).toBe(true);
    expect(() => fitOn(column, [0, 2], { encode: 'log1p' })).toThrow(
      'expected numbers above -1 for log1p; got -5 in c',
    );
  });

  it('keep vectors of numbers apart by dimension', () => {
    const column = columnOf({ kind: 'number', width: 2, values: [[0, 10], [2, 30], null] });
    const encoded = applyTransform(fitOn(column, [0, 1], { encode: 'standardise' }), [column]);
    expect(rowsOf(encoded)).toEqual([
      [-1, -1],
      [1, 1],
      [0, 0],
    ]);
    expect(() => fitOn(column, [0, 1])).toThrow('expected one number a row for buckets; got 2 in c; use standardise');
  });

  it('cross two columns pair by pair', () => {
    const table = columnsOf({
      a: { kind: 'id', values: ['x', 'y', 'x', null] },
      b: { kind: 'ids', values: [['1', '2'], ['1'], ['9'], ['1']] },
    });
    const columns = [table.get('a') as Column, table.get('b') as Column];
    const fitted = fitTransform({ columns: ['a', 'b'] }, columns, [0, 1]);
    expect(fitted).toMatchObject({ list: true, ids: ['x\u001f1', 'x\u001f2', 'y\u001f1'] });
    expect(rowsOf(applyTransform(fitted, columns))).toEqual([[2, 3], [4], [UNKNOWN_ROW], [MISSING_ROW]]);
  });

  it('take the words of a text in lower case, once each', () => {
    const column = columnOf({ kind: 'text', values: ['Star Wars: the STAR (1977)', 'Wars', '', 'Été'] });
    const fitted = fitOn(column, [0, 1]);
    expect(fitted).toMatchObject({ encode: 'words', ids: ['1977', 'star', 'the', 'wars'] });
    expect(rowsOf(applyTransform(fitted, [column]))).toEqual([[3, 5, 4, 2], [5], [MISSING_ROW], [UNKNOWN_ROW]]);
  });

  it('hash ids into rows that no vocabulary decides', () => {
    const [one, two] = [
      ['a', 'b', 'c'],
      ['c', 'zz'],
    ].map((values) => columnOf({ kind: 'id', values }));
    const fitted = fitOn(one, [0], { encode: 'hash', buckets: 1000 });
    const [, , c] = rowsOf(applyTransform(fitted, [one])).flat();
    expect(rowsOf(applyTransform(fitted, [two]))[0]).toEqual([c]);
    // 32-bit FNV-1a of "c", from its definition.
    expect(c).toBe(FIRST_ROW + ((Math.imul(0x811c9dc5 ^ 0x63, 0x01000193) >>> 0) % 1000));
  });

  it('share what is made of equal lists', () => {
    fc.assert(
      fc.property(fc.array(fc.array(words, { maxLength: 3 }), { minLength: 1, maxLength: 20 }), (values) => {
        const column = columnOf({ kind: 'ids', values });
        const encoded = applyTransform(fitOn(column, every(column)), [column]);
        const shared = withDistinctLists(encoded);
        expect(rowsOf(shared)).toEqual(rowsOf(encoded));
        if (shared.kind !== 'rows') return expect.unreachable();
        expect(shared.offsets.length - 1).toBe(new Set(rowsOf(encoded).map(String)).size);
        const some = every(column).filter((row) => row % 2 === 0);
        expect(rowsOf(takeEncoded(shared, some))).toEqual(rowsOf(takeEncoded(encoded, some)));
      }),
    );
  });

  it.each([
    [
      { kind: 'id', values: ['a'] },
      { encode: 'standardise' },
      'expected encode ids, hash for c, a column of id; got standardise',
    ],
    [
      { kind: 'number', values: [1] },
      { encode: 'hash' },
      'expected encode buckets, standardise, log1p for c, a column of number; got hash',
    ],
    [{ kind: 'id', values: ['a'] }, { minCount: 0 }, 'expected minCount of 1 or more; got 0'],
    [{ kind: 'number', values: [1] }, { buckets: 1.5 }, 'expected buckets of 1 or more; got 1.5'],
    [{ kind: 'id', values: ['a'] }, { maxLength: 2 }, 'expected maxLength of a column of ids; got c of id'],
  ] as const)('refuse %o with %o', (column, spec, message) => {
    const made = columnOf(column as MemoryColumn);
    expect(() => fitOn(made, [0], spec)).toThrow(message);
  });

  it('refuse a column of another kind than they were fitted on', () => {
    const fitted = fitOn(columnOf({ kind: 'number', values: [1] }), [0]);
    const other = columnOf({ kind: 'id', values: ['a'] });
    expect(() => applyTransform(fitted, [other])).toThrow(
      'expected a column of number of width 1 in c, as it was fitted; got one of id',
    );
  });
});
