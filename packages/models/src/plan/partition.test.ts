import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownedColumns, ownedRows, ownerOf, type Partition } from './partition.ts';
import { type PlannedTable, tableBytes, totalBytes } from './table-bytes.ts';

const partition = (ranks: number): fc.Arbitrary<Partition> =>
  fc.oneof(
    fc.constantFrom<Partition>(
      { kind: 'replicated' },
      { kind: 'row-blocks' },
      { kind: 'row-cyclic' },
      { kind: 'columns' },
    ),
    fc.integer({ min: 0, max: ranks - 1 }).map((rank): Partition => ({ kind: 'table', rank })),
  );
const cases = fc
  .record({
    rows: fc.integer({ min: 1, max: 40 }),
    width: fc.integer({ min: 1, max: 9 }),
    ranks: fc.integer({ min: 1, max: 12 }),
  })
  .chain((shape) => partition(shape.ranks).map((each) => ({ ...shape, partition: each })));

describe('partitions of a table', () => {
  it('have owners for every number, and each rank owns what a count over all numbers says', () => {
    fc.assert(
      fc.property(cases, ({ rows, width, ranks, partition }) => {
        const counted = new Int32Array(ranks);
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < width; column++) {
            const owner = ownerOf(partition, { rows, width }, ranks, row, column);
            if (owner === undefined) for (let rank = 0; rank < ranks; rank++) counted[rank]++;
            else {
              expect(owner).toBeGreaterThanOrEqual(0);
              expect(owner).toBeLessThan(ranks);
              counted[owner]++;
            }
          }
        }
        for (let rank = 0; rank < ranks; rank++) {
          const numbers =
            ownedRows(partition, { rows, width }, ranks, rank) * ownedColumns(partition, { rows, width }, ranks, rank);
          expect(numbers).toBe(counted[rank]);
        }
      }),
    );
  });

  const table: PlannedTable = {
    ...{ name: 't', rows: 1000, width: 50, rule: 'adamw', trained: 'rows', regularised: false, averaged: false },
  };
  const bytes = (change: Partial<PlannedTable>, kind: 'row-cyclic' | 'replicated' | 'columns', ranks = 4) =>
    tableBytes({ ...table, ...change }, { kind }, ranks, 0);

  it('take the bytes of weights and moments: 4 d beside 4 d + 8, 4, 8 d or 4 d a row', () => {
    expect(bytes({}, 'row-cyclic')).toEqual({ weights: 250 * 200, state: 250 * 208, gradient: 0 });
    expect(bytes({ rule: 'adagrad' }, 'row-cyclic')).toEqual({ weights: 250 * 200, state: 250 * 4, gradient: 0 });
    expect(bytes({ trained: 'dense' }, 'replicated')).toEqual({ weights: 2e5, state: 4e5, gradient: 2e5 });
    expect(bytes({ trained: 'dense', rule: 'adagrad' }, 'replicated')).toEqual({
      ...{ weights: 2e5, state: 2e5, gradient: 2e5 },
    });
    // 12 of 50 columns, and of each row one second moment and one step.
    expect(bytes({}, 'columns')).toEqual({ weights: 48_000, state: 48_000 + 8000, gradient: 0 });
    expect(bytes({ averaged: true }, 'row-cyclic').state).toBe(250 * 408);
    for (const kind of ['replicated', 'row-cyclic'] as const) {
      const [rows, trained] = kind === 'replicated' ? [1000, 'dense' as const] : [250, 'rows' as const];
      expect(bytes({ frozen: true, trained }, kind)).toEqual({ weights: rows * 200, state: 0, gradient: 0 });
      expect(bytes({ frozen: true, trained, averaged: true }, kind).state).toBe(rows * 200);
    }
    // A regulariser moves the rows that nobody reads, so that owners keep moments of all.
    expect(bytes({ regularised: true }, 'row-cyclic')).toEqual({
      ...{ weights: 50_000, state: 100_000, gradient: 50_000 },
    });
  });

  it('cut the memory of the rank that holds most by the number of ranks, to within a row', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 64 }), (rows, ranks) => {
        const all = totalBytes(tableBytes({ ...table, rows }, { kind: 'row-cyclic' }, 1, 0));
        const most = totalBytes(tableBytes({ ...table, rows }, { kind: 'row-cyclic' }, ranks, 0));
        expect(most).toBeGreaterThanOrEqual(all / ranks);
        expect(most).toBeLessThan(all / ranks + 408);
      }),
    );
  });
});
