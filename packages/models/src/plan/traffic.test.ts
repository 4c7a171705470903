// Formulas of traffic against messages that are sent one by one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistinctIds } from './distinct-ids.ts';
import { ownerOf, type Partition } from './partition.ts';
import { zipfIds } from './stand-in.ts';
import { imbalance } from './step-time.ts';
import type { PlannedTable } from './table-bytes.ts';
import { noTraffic, requestMatrix, rowRequests, type TableLoad, tableTraffic } from './traffic.ts';

const table = (rows: number, width: number, change: Partial<PlannedTable> = {}): PlannedTable => ({
  ...{ name: 't', rows, width, rule: 'adamw', trained: 'rows', regularised: false, averaged: false },
  ...change,
});

function loadOf(shape: PlannedTable, lists: readonly (readonly number[])[]): TableLoad {
  const own = lists.map((ids) => Int32Array.from(new Set(ids)));
  return {
    ids: Int32Array.from(lists, ({ length }) => length),
    distinct: Int32Array.from(own, ({ length }) => length),
    distinctOfAll: new Set(lists.flat()).size,
    blocks: rowRequests({ kind: 'row-blocks' }, shape, own),
    cyclic: rowRequests({ kind: 'row-cyclic' }, shape, own),
  };
}

/** Every message of a step by the owner of every number of every row. */
function counted(shape: PlannedTable, partition: Partition, lists: readonly (readonly number[])[]) {
  const ranks = lists.length;
  const flows = ['ids', 'rows', 'gradients', 'sums'] as const;
  const empty = () => ({ sent: new Float64Array(ranks), received: new Float64Array(ranks) });
  const all = Object.fromEntries(flows.map((name) => [name, empty()])) as Record<
    (typeof flows)[number],
    ReturnType<typeof empty>
  >;
  const send = (name: (typeof flows)[number], from: number, to: number, bytes: number): void => {
    if (from === to) return;
    all[name].sent[from] += bytes;
    all[name].received[to] += bytes;
  };
  const everyone = lists.map((_, rank) => rank);
  const isCut = partition.kind === 'columns';
  for (const [rank, ids] of lists.entries()) {
    for (const id of new Set(ids)) {
      const owners = Array.from({ length: shape.width }, (_, column) => ownerOf(partition, shape, ranks, id, column)!);
      for (const owner of isCut ? everyone : new Set(owners)) send('ids', rank, owner, 4);
      for (const owner of owners) {
        send('rows', owner, rank, 4);
        send('gradients', rank, owner, 4);
      }
    }
  }
  // The mean square of a row needs all its columns, on every rank; of a row on one rank nothing is missing.
  if (!shape.regularised && isCut)
    for (const id of new Set(lists.flat()))
      for (let column = 0; column < shape.width; column++)
        for (const rank of everyone) send('sums', ownerOf(partition, shape, ranks, id, column)!, rank, 4);
  return all;
}

const steps = fc
  .record({
    rows: fc.integer({ min: 1, max: 30 }),
    width: fc.integer({ min: 1, max: 7 }),
    ranks: fc.integer({ min: 1, max: 9 }),
    regularised: fc.boolean(),
  })
  .chain(({ rows, width, ranks, regularised }) =>
    fc.record({
      shape: fc.constant(table(rows, width, { regularised })),
      lists: fc.array(fc.array(fc.integer({ min: 0, max: rows - 1 }), { maxLength: 25 }), {
        ...{ minLength: ranks, maxLength: ranks },
      }),
      partition: fc.oneof(
        fc.constantFrom<Partition>({ kind: 'row-blocks' }, { kind: 'row-cyclic' }, { kind: 'columns' }),
        fc.integer({ min: 0, max: ranks - 1 }).map((rank): Partition => ({ kind: 'table', rank })),
      ),
    }),
  );

describe('traffic of a table', () => {
  it('is what messages one by one add up to, and all that is sent is received', () => {
    fc.assert(
      fc.property(steps, ({ shape, lists, partition }) => {
        const traffic = tableTraffic(shape, partition, loadOf(shape, lists));
        const expected = counted(shape, partition, lists);
        for (const name of ['ids', 'rows', 'gradients', 'sums'] as const) {
          expect([name, ...traffic[name].sent]).toEqual([name, ...expected[name].sent]);
          expect([name, ...traffic[name].received]).toEqual([name, ...expected[name].received]);
          const total = (values: Float64Array): number => values.reduce((sum, bytes) => sum + bytes, 0);
          expect(total(traffic[name].sent)).toBe(total(traffic[name].received));
        }
        expect(traffic.summed).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('of one rank is nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (ids) => {
        const shape = table(10, 4);
        const load = loadOf(shape, [ids]);
        const kinds: Partition[] = [{ kind: 'replicated' }, { kind: 'row-blocks' }, { kind: 'row-cyclic' }];
        for (const partition of [...kinds, { kind: 'columns' } as const, { kind: 'table', rank: 0 } as const]) {
          const { ids: of, rows, gradients, sums, summed } = tableTraffic(shape, partition, load);
          const bytes = [of, rows, gradients, sums].flatMap(({ sent, received }) => [...sent, ...received]);
          expect([...bytes, summed]).toEqual(new Array(9).fill(0));
        }
      }),
    );
  });

  it('of a frozen table is ids and rows alone, and nothing where it is replicated', () => {
    fc.assert(
      fc.property(steps, ({ shape, lists, partition }) => {
        const load = loadOf(shape, lists);
        const { ids, rows } = tableTraffic(shape, partition, load);
        const frozen = tableTraffic({ ...shape, frozen: true }, partition, load);
        const none = noTraffic(lists.length);
        expect(frozen).toEqual({ ...none, ids, rows });
        const replicated = { ...shape, trained: 'dense', frozen: true } as const;
        expect(tableTraffic(replicated, { kind: 'replicated' }, load)).toEqual(none);
      }),
    );
  });

  it('of a replicated table is its gradient: all of it, or the rows of the step', () => {
    const lists = [[1, 2, 2], [2, 5], []];
    const rows = table(40, 3);
    expect(tableTraffic(rows, { kind: 'replicated' }, loadOf(rows, lists)).summed).toBe(3 * 3);
    const dense = table(40, 3, { trained: 'dense' });
    expect(tableTraffic(dense, { kind: 'replicated' }, loadOf(dense, lists)).summed).toBe(40 * 3);
  });

  it('by rows is 4 n + 8 n d times (R - 1) / R in the mean, where ids lie anywhere', () => {
    const [rows, width, ranks, each] = [100_000, 16, 8, 4000];
    const shape = table(rows, width);
    const lists = Array.from({ length: ranks }, (_, rank) => [
      ...zipfIds({ rows: rows - 1, exponent: 0, seed: 5 }, rank, each, 0),
    ]);
    const load = loadOf(shape, lists);
    const { ids, rows: fetched, gradients } = tableTraffic(shape, { kind: 'row-cyclic' }, load);
    for (let rank = 0; rank < ranks; rank++) {
      const bytes = ids.sent[rank] + fetched.received[rank] + gradients.sent[rank];
      const formula = ((4 + 8 * width) * load.distinct[rank] * (ranks - 1)) / ranks;
      expect(bytes / formula).toBeGreaterThan(0.98);
      expect(bytes / formula).toBeLessThan(1.02);
    }
  });
});

describe('rows by the owner', () => {
  it('sum to the matrix of requests without its diagonal', () => {
    fc.assert(
      fc.property(steps, ({ shape, lists }) => {
        const own = lists.map((ids) => Int32Array.from(new Set(ids)));
        for (const kind of ['row-blocks', 'row-cyclic'] as const) {
          const matrix = requestMatrix({ kind }, shape, own);
          const { asked, served } = rowRequests({ kind }, shape, own);
          const ranks = lists.length;
          for (let rank = 0; rank < ranks; rank++) {
            let [row, column] = [0, 0];
            for (let other = 0; other < ranks; other++) {
              if (other === rank) continue;
              row += matrix[rank * ranks + other];
              column += matrix[other * ranks + rank];
            }
            expect([asked[rank], served[rank]]).toEqual([row, column]);
          }
        }
      }),
    );
  });

  it('are as many on all ranks for ids in the order of popularity when cyclic, and pile up on the first in blocks', () => {
    const [rows, ranks] = [1_000_000, 16];
    const shape = table(rows + 1, 8);
    const distinct = new DistinctIds(rows + 1);
    const own = Array.from({ length: ranks }, (_, rank) =>
      distinct.of([zipfIds({ rows, exponent: 1.05, seed: 1 }, rank, 5000, 0)]),
    );
    const { served } = rowRequests({ kind: 'row-cyclic' }, shape, own);
    expect(imbalance(served)).toBeLessThan(1.25);
    const blocks = rowRequests({ kind: 'row-blocks' }, shape, own).served;
    expect(imbalance(blocks)).toBeGreaterThan(6);
    expect(blocks.indexOf(Math.max(...blocks))).toBe(0);
  });
});

it('distinct ids are those of a set, by marks and by sorting', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.array(fc.integer({ min: 0, max: 12 })), { maxLength: 3 }), { maxLength: 4 }),
      fc.constantFrom(13, 2 ** 25),
      (calls, rows) => {
        const distinct = new DistinctIds(rows);
        for (const lists of calls) {
          const found = distinct.of(lists.map((ids) => Int32Array.from(ids)));
          expect([...found].sort((a, b) => a - b)).toEqual([...new Set(lists.flat())].sort((a, b) => a - b));
        }
      },
    ),
  );
});
