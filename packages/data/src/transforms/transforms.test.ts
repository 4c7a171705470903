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
        fc.array(optional(fc.integer({ min: -80, max: 80 }).map((n) => n / 8 + 0)), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        (values, buckets) => {
          const column = columnOf({ kind: 'number', values });
          const fitted = fitOn(column, every(column), { buckets });
          if (fitted.encode !== 'buckets') return expect.unreachable();
          const { bounds } = fitted;
          const sorted = values.flatMap((value) => (value === null ? [] : [Math.fround(value)])).sort((a, b) => a - b);
          const quantiles = Array.from(
            { length: buckets - 1 },
            (_, b) => sorted[Math.floor(((b + 1) * sorted.length) / buckets)],
          );
          expect(bounds).toEqual([...new Set(quantiles)].filter((bound) => bound > sorted[0]));
          const made = applyTransform(fitted, [column]);
          expect(made).toMatchObject({ ...encodedShape(fitted), size: 2 + bounds.length + 1 });
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

  it.each([
    ['log1p', 'number', 7.5, Math.fround(Math.log(9.5 / 8.5))],
    ['standardise', 'time', 1.1, 1],
  ] as const)(
    '%s: a column that is constant in training is zeros there, whatever its sum rounds',
    (encode, kind, value, beyond) => {
      const column = columnOf({ kind, values: [...Array<number>(3600).fill(value), value + 1] });
      const fitted = fitOn(column, every(column).slice(0, -1), { encode });
      expect(fitted).toMatchObject({ deviation: [1] });
      const encoded = rowsOf(applyTransform(fitted, [column])).flat();
      expect(new Set(encoded.slice(0, -1))).toEqual(new Set([0]));
      expect(encoded.at(-1)).toBeCloseTo(beyond, 6);
    },
  );

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

  it('keep marks inside words, and one word for each way to write it', () => {
    const column = columnOf({ kind: 'text', values: ['हिन्दी फ़िल्म', 'cafe\u0301 café', 'ﬁlm film'] });
    const { ids } = fitOn(column, [0, 1, 2]) as { ids: readonly string[] };
    expect([...ids].sort()).toEqual(['café', 'film', 'फ़िल्म', 'हिन्दी'].map((word) => word.normalize('NFKC')).sort());
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

  it('have ten buckets and a thousand hashes where nothing else is said', () => {
    const numbers = columnOf({ kind: 'number', values: Array.from({ length: 100 }, (_, i) => i) });
    expect(fitOn(numbers, every(numbers))).toMatchObject({ bounds: [10, 20, 30, 40, 50, 60, 70, 80, 90] });
    const hashed = fitOn(columnOf({ kind: 'id', values: ['a'] }), [0], { encode: 'hash' });
    expect(encodedShape(hashed)).toEqual({ kind: 'row', size: 1002 });
    const lists = fitOn(columnOf({ kind: 'ids', values: [['a']] }), [0], { encode: 'hash', buckets: 5 });
    expect(encodedShape(lists)).toEqual({ kind: 'rows', size: 7 });
    expect([MISSING_ROW, UNKNOWN_ROW, FIRST_ROW]).toEqual([0, 1, 2]);
  });

  it('read times as numbers', () => {
    const column = columnOf({ kind: 'time', values: [1.5e9, 1.5e9 + 10, null, 1.5e9 + 30] });
    const buckets = fitOn(column, every(column), { buckets: 3 });
    expect(rowsOf(applyTransform(buckets, [column])).flat()).toEqual([2, 3, 0, 4]);
    const standard = applyTransform(fitOn(column, [0, 1], { encode: 'standardise' }), [column]);
    expect(standard).toMatchObject({ kind: 'number', width: 1 });
    expect(rowsOf(standard).flat()).toEqual([-1, 1, 0, 5]);
  });

  it('have a mean and a deviation where training has no value', () => {
    const column = columnOf({ kind: 'number', values: [null, 7] });
    const fitted = fitOn(column, [0], { encode: 'standardise' });
    expect(fitted).toMatchObject({ mean: [0], deviation: [1] });
    expect(rowsOf(applyTransform(fitted, [column])).flat()).toEqual([0, 7]);
    expect(fitOn(column, [0])).toMatchObject({ bounds: [] });
    const least = columnOf({ kind: 'number', values: [-1] });
    expect(() => fitOn(least, [0], { encode: 'log1p' })).toThrow('got -1 in c');
  });

  it('cross two ids to one, and refuse numbers', () => {
    const table = columnsOf({
      a: { kind: 'id', values: ['x', 'y', 'x'] },
      b: { kind: 'id', values: ['1', '2', null] },
      c: { kind: 'number', values: [1, 2, 3] },
    });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => table.get(name) as Column);
    const fitted = fitTransform({ columns: ['a', 'b'] }, [a, b], [0, 1, 2]);
    expect(encodedShape(fitted)).toEqual({ kind: 'row', size: 4 });
    expect(rowsOf(applyTransform(fitted, [a, b])).flat()).toEqual([2, 3, 0]);
    // Codes of a pair depend on both vocabularies: of other data with the same first one they mean something else.
    const other = columnOf({ kind: 'id', values: ['0', '2', '1'] });
    expect(rowsOf(applyTransform(fitted, [a, other])).flat()).toEqual([1, 3, 2]);
    expect(() => fitTransform({ columns: ['a', 'c'] }, [a, c], [0])).toThrow(
      'expected a cross of two columns of id or ids; got a of id and c of number; read numbers as ids to cross them',
    );
  });

  it('are taken row by row, whatever they hold', () => {
    const value = fc.record({
      id: optional(words),
      list: fc.array(words, { maxLength: 3 }),
      x: fc.integer(),
      y: fc.integer(),
    });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (values, picks) => {
          const table = columnsOf({
            id: { kind: 'id', values: values.map(({ id }) => id) },
            list: { kind: 'ids', values: values.map(({ list }) => list) },
            xy: { kind: 'number', width: 2, values: values.map(({ x, y }) => [x, y]) },
          });
          const rows = picks.map((pick) => pick % values.length);
          for (const name of ['id', 'list', 'xy']) {
            const column = table.get(name) as Column;
            const spec = name === 'xy' ? ({ encode: 'standardise' } as const) : {};
            const encoded = applyTransform(fitTransform({ columns: [name], ...spec }, [column], every(column)), [
              column,
            ]);
            const all = rowsOf(encoded);
            expect(rowsOf(takeEncoded(encoded, rows))).toEqual(rows.map((row) => all[row]));
            const shared = withDistinctLists(encoded);
            expect(withDistinctLists(shared)).toBe(shared);
            if (name !== 'list') expect(shared).toBe(encoded);
          }
        },
      ),
    );
  });

  it('refuse every kind that they were not fitted on', () => {
    const table = columnsOf({
      id: { kind: 'id', values: ['a'] },
      ids: { kind: 'ids', values: [['a']] },
      number: { kind: 'number', values: [1] },
      pair: { kind: 'number', width: 2, values: [[1, 2]] },
      when: { kind: 'time', values: [1.5e9] },
      text: { kind: 'text', values: ['a'] },
    });
    const column = (name: string) => table.get(name) as Column;
    const taken = (of: string, spec: Omit<TransformSpec, 'columns'> = {}): string[] => {
      const fitted = fitTransform({ columns: [of], ...spec }, [column(of)], [0]);
      return [...table.keys()].filter((name) => {
        try {
          applyTransform(fitted, [column(name)]);
          return true;
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-columns', column: of });
          return false;
        }
      });
    };
    const further = (names: string[]) => names.filter((name) => !['item', 'position'].includes(name));
    expect(further(taken('id'))).toEqual(['id']);
    expect(further(taken('ids'))).toEqual(['id', 'ids']);
    expect(further(taken('number'))).toEqual(['number', 'when']);
    expect(further(taken('pair', { encode: 'standardise' }))).toEqual(['pair']);
    expect(further(taken('text'))).toEqual(['text']);
    const fitted = fitTransform({ columns: ['id'] }, [column('id')], [0]);
    expect(() => applyTransform(fitted, [column('pair')])).toThrow(
      'expected a column of id in id, as it was fitted; got one of number of width 2',
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
      'expected encode buckets, steps, standardise, log1p for c, a column of number; got hash',
    ],
    [{ kind: 'number', values: [1] }, { maxLength: 2 }, 'expected buckets with encode buckets; got maxLength 2'],
    [
      { kind: 'number', values: [1] },
      { encode: 'log1p', buckets: 3 },
      'expected no options with encode log1p; got buckets 3',
    ],
    [
      { kind: 'id', values: ['a'] },
      { encode: 'hash', minCount: 2 },
      'expected buckets, maxLength with encode hash; got minCount 2',
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
