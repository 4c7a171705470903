import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partOf } from '../../../../test/part.ts';
import { all, bits, folder, layout, messageOf, newPath, open, range } from '../../test/tables-in-files.ts';
import { TableError } from '../errors.ts';
import { rowSet } from '../optim/row-set.ts';
import { memoryRows } from '../tables/memory-rows.ts';
import { fileRows } from './file-rows.ts';

describe('a table in a file and one in memory', () => {
  const ids = fc.array(fc.nat(layout.rows - 1), { maxLength: 25 }).map((list) => Int32Array.from(list));
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('gather' as const), ids }),
    fc.record({ kind: fc.constant('records' as const), ids }),
    fc.record({ kind: fc.constant('prefetch' as const), ids }),
    fc.record({ kind: fc.constant('write' as const), ids, value: fc.float({ noNaN: false }) }),
    fc.record({ kind: fc.constantFrom('flush' as const, 'reopen' as const), ids }),
  );

  it('have the same bits, whatever is asked for, written, prefetched and evicted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 30 }),
        fc.integer({ min: 2, max: 70 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 2),
        async (operations, cacheRows, memory, threads) => {
          const options = { ...layout, path: newPath(), cacheRows, memory, threads };
          const expected = memoryRows(layout);
          let store = fileRows(options);
          // Not waited for one by one: calls take effect in their order.
          const pairs: Promise<readonly Float32Array[]>[] = [];
          for (const { kind, ids: given, ...rest } of operations) {
            if (kind === 'gather') pairs.push(Promise.all([store.gather(given), expected.gather(given)]));
            if (kind === 'records') pairs.push(Promise.all([store.records(given), expected.records(given)]));
            if (kind === 'prefetch') store.prefetch(given);
            if (kind === 'flush') await store.flush();
            if (kind === 'write') {
              const set = rowSet(layout.rows, [given]).ids;
              const { value } = rest as { value: number };
              const rows = Float32Array.from({ length: set.length * 5 }, (_, i) => value + i);
              pairs.push(Promise.all([store.write(set, rows), expected.write(set, rows)]).then(() => []));
            }
            if (kind === 'reopen') {
              await store.close();
              store = fileRows(options);
            }
          }
          pairs.push(Promise.all([store.records(all), expected.records(all)]));
          for (const [ours, theirs] of await Promise.all(pairs)) {
            if (ours !== undefined) expect(bits(ours)).toEqual(bits(theirs));
          }
          await store.close();
          rmSync(options.path);
        },
      ),
      { numRuns: partOf(25, 2) },
    );
  });

  it('rows that are there do not make way for others of their batch, whichever thread moves those', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 512, max: 1200 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.constantFrom(1, 2),
        async (cacheRows, share, threads) => {
          const batch = Math.floor(cacheRows / 2);
          const there = range(5000, 1 + Math.floor(share * batch));
          const store = open({ rows: 10_000, cacheRows, threads });
          await store.write(there, new Float32Array(5 * there.length).fill(2));
          await store.gather(range(7000, cacheRows - there.length));
          const before = store.stats();
          // The hand of the clock is at the rows that are there.
          const records = await store.records(Int32Array.from([...range(0, batch - there.length), ...there]));
          expect(new Set(records.subarray(-5 * there.length))).toEqual(new Set([2]));
          const { hits, rowsRead } = store.stats();
          expect({ hits: hits - before.hits, rowsRead }).toEqual({ hits: there.length, rowsRead: 0 });
          await store.close();
        },
      ),
      { numRuns: partOf(12, 2) },
    );
  });

  it('a prefetch of rows that are written before they are asked for gives what was written', async () => {
    const store = open();
    const [first, next] = [Int32Array.of(1, 2, 3), Int32Array.of(2, 3, 4)];
    const records = await store.records(first);
    store.prefetch(next);
    await store.write(first, records.fill(9));
    expect([...(await store.gather(next)).subarray(0, 6)]).toEqual([9, 9, 9, 9, 9, 9]);
    await store.close();
  });

  it('rows that are there are used while others are prefetched', async () => {
    const store = open({ rows: 100_000, cacheRows: 50_000 });
    const ids = Int32Array.of(1, 2, 3);
    const records = await store.records(ids);
    store.prefetch(range(10, 20_000));
    const later = store.gather(Int32Array.of(10));
    // One that has to wait makes those after it wait; before it, nobody does.
    const order: string[] = [];
    await Promise.all([store.gather(ids).then(() => order.push('after')), later.then(() => order.push('fetched'))]);
    expect(order).toEqual(['fetched', 'after']);
    store.prefetch(range(30_010, 20_000));
    await store.write(ids, records.fill(4));
    expect([...(await store.records(ids))]).toEqual([...records]);
    expect(store.stats().rowsMade).toBe(20_003);
    await store.gather(Int32Array.of(30_010));
    expect(store.stats().rowsMade).toBe(40_003);
    await store.close();
  });

  it('a dirty row that was evicted comes back as it was written', async () => {
    const store = open({ cacheRows: 2 });
    await store.write(Int32Array.of(5), new Float32Array(5).fill(3));
    await store.gather(Int32Array.of(10, 11, 12, 13));
    expect(store.stats().rowsWritten).toBe(1);
    expect([...(await store.records(Int32Array.of(5)))]).toEqual([3, 3, 3, 3, 3]);
    expect(store.stats().rowsRead).toBe(1);
    await store.close();
  });
});

it('counts a row as a hit where it was in memory before it was asked for or prefetched', async () => {
  const store = open({ cacheRows: 20 });
  const inMemory = memoryRows(layout);
  for (const rows of [store, inMemory]) await rows.gather(Int32Array.of(1, 2, 2, 3));
  expect(store.stats()).toMatchObject({ lookups: 3, hits: 0, rowsMade: 3, rowsRead: 0 });
  expect(inMemory.stats()).toMatchObject({ lookups: 3, hits: 3, rowsMade: 3 });
  store.prefetch(Int32Array.of(3, 4));
  for (const rows of [store, inMemory]) await rows.gather(Int32Array.of(3, 4));
  expect(store.stats()).toMatchObject({ lookups: 5, hits: 1 });
  expect(inMemory.stats()).toMatchObject({ lookups: 5, hits: 5 });
  await store.gather(Int32Array.of(4));
  expect(store.stats()).toMatchObject({ lookups: 6, hits: 2, rowsMade: 4 });
  await store.close();
});

it('rows near each other move in one call', async () => {
  const options = { ...layout, path: newPath(), cacheRows: 30 };
  const store = fileRows(options);
  await store.write(Int32Array.of(3, 4, 5, 40), new Float32Array(20));
  await store.close();
  expect(store.stats()).toMatchObject({ rowsWritten: 4, writes: 2, bytesWritten: 80, rowsMade: 0, rowsRead: 0 });
  const again = fileRows(options);
  await again.gather(Int32Array.of(3, 5, 40, 41));
  expect(again.stats()).toMatchObject({ rowsRead: 3, rowsMade: 1, reads: 1 });
  await again.close();
});

it('a row that a call names many times takes the room of one', async () => {
  const options = { ...layout, path: newPath(), cacheRows: 8 };
  const store = fileRows(options);
  await store.write(range(0, 8), new Float32Array(40));
  await store.close();
  const again = fileRows(options);
  await again.gather(Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3));
  expect(again.stats()).toMatchObject({ rowsRead: 4, reads: 1 });
  again.prefetch(Int32Array.of(4, 4, 4, 4, 5, 5, 6, 7));
  await again.flush();
  expect(again.stats()).toMatchObject({ rowsRead: 8, reads: 2 });
  await again.close();
});

it('a hundred million rows are there at once and take room by what was written', async () => {
  const store = open({ rows: 100_000_000, width: 16, stateWidth: 18, initialState: 0, cacheRows: 100 });
  const begin = await store.gather(Int32Array.of(0, 99_999_999));
  await store.write(Int32Array.of(99_999_999), new Float32Array(34).fill(1));
  await store.flush();
  const { size, blocks } = statSync(store.path);
  expect(size).toBeGreaterThan(100_000_000 * 34 * 4);
  // Header, a bit a row, and a page.
  expect(blocks * 512).toBeLessThan(100_000_000 / 8 + 2 ** 16);
  expect(begin.some((value) => value !== 0)).toBe(true);
  await store.close();
});

it('refuses nonsense, word for word', async () => {
  expect(await messageOf(() => open({ cacheRows: 1 }))).toBe(
    'UnsupportedError: fileRows: expected cacheRows of 2 or more, 1 to 64 threads and a memory of 1 to 255, whole numbers; got cacheRows=1, threads=1, memory=1',
  );
  expect(await messageOf(() => open({ rows: 0 }))).toBe(
    'UnsupportedError: fileRows: expected 1 to 2147483647 rows, a width of 1 or more and a stateWidth of 0 or more, whole numbers; got rows=0, width=3, stateWidth=2; ids are int32',
  );
  expect(await messageOf(() => open({ path: join(folder, 'none', 'table') }))).toMatch(
    /expected a file that can be opened; got ENOENT/,
  );
  const store = open();
  expect(await messageOf(() => store.gather(Int32Array.of(3, 60)))).toBe(
    'ShapeError: fileRows: expected ids from 0 to 59; got 60 at position 1',
  );
  expect(await messageOf(() => store.write(Int32Array.of(3), new Float32Array(4)))).toBe(
    'ShapeError: fileRows: expected records [1, 5]; got 4 numbers; a record is a vector of 3 and 2 numbers of state',
  );
  expect(await messageOf(() => store.write(Int32Array.of(3, 3), new Float32Array(10)))).toBe(
    'ShapeError: fileRows: expected strictly increasing ids from 0 to 59; got 3 after 3 at position 1; rowSet makes them',
  );
  await store.close();
  await store.close();
  expect(await messageOf(() => store.gather(Int32Array.of(3)))).toBe(
    `TableError: fileRows: ${store.path}: expected an open table; it was closed; open it again`,
  );
  expect(new TableError('x').code).toBe('table');
});
