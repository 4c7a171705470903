import { spawnSync } from 'node:child_process';
import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { partOf } from '../../../../test/part.ts';
import { TableError } from '../errors.ts';
import { rowSet } from '../optim/row-set.ts';
import { memoryRows } from '../tables/memory-rows.ts';
import type { RowLayout } from '../tables/row-store.ts';
import { fileRows } from './file-rows.ts';
import type { FileRowsOptions } from './file-rows-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-rows-'));
let files = 0;
const newPath = (): string => join(folder, `table-${files++}.rows`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const layout: RowLayout = {
  rows: 60,
  width: 3,
  stateWidth: 2,
  initialState: 0.5,
  initial: { kind: 'normal', seed: 4, stream: 'init/table', standardDeviation: 0.1 },
};
const open = (own: Partial<FileRowsOptions> = {}) => fileRows({ ...layout, path: newPath(), cacheRows: 7, ...own });
const range = (from: number, count: number) => Int32Array.from({ length: count }, (_, i) => from + i);
const all = range(0, layout.rows);

/** The bits, so that -0 and 0 and different NaNs differ. */
function bits(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
}

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

describe('a file that was left', () => {
  it('by a kill after changes is refused, and its snapshot is whole', async () => {
    const store = open({ cacheRows: 4 });
    await store.write(all, new Float32Array(300).fill(1));
    const copy = newPath();
    await store.snapshot(copy);
    await store.write(all, new Float32Array(300).fill(2));
    // What is on the disk now is what a kill at this moment leaves.
    const left = newPath();
    writeFileSync(left, readFileSync(store.path));
    expect(await messageOf(() => open({ path: left }))).toBe(
      `TableError: fileRows: ${left}: expected a file that was flushed after its last change; got one whose writer ended before, or is still at work: some of its rows are older than others; go back to a snapshot, or remove it and start anew`,
    );
    const back = open({ path: copy });
    expect([...new Set(await back.records(all))]).toEqual([1]);
    await back.close();
    await store.flush();
    writeFileSync(left, readFileSync(store.path));
    const flushed = open({ path: left });
    expect([...new Set(await flushed.records(all))]).toEqual([2]);
    await Promise.all([flushed.close(), store.close()]);
  });

  it('of another table, version or kind is refused', async () => {
    const store = open();
    await store.close();
    const { path } = store;
    const prefix = `TableError: fileRows: ${path}: expected`;
    expect(await messageOf(() => open({ path, width: 4 }))).toBe(
      `${prefix} a table with width 4; got width 3; use the settings that it was made with, or another file`,
    );
    expect(
      await messageOf(() =>
        open({ path, initial: { kind: 'normal', seed: 5, stream: 'init/table', standardDeviation: 0.1 } }),
      ),
    ).toBe(
      `${prefix} a table with initial.seed 5; got initial.seed 4; use the settings that it was made with, or another file`,
    );
    const bytes = readFileSync(path);
    const text = (at: number, value: string): void => {
      const changed = Buffer.from(bytes);
      changed.write(value, at);
      writeFileSync(path, changed);
    };
    text(0, 'seqrec-rows 2');
    expect(await messageOf(() => open({ path }))).toBe(
      `${prefix} version 1; got version 2; read it with the program that wrote it`,
    );
    text(0, 'another file');
    expect(await messageOf(() => open({ path }))).toBe(
      `${prefix} a file of rows, which begins with 'seqrec-rows'; got another one; it was left as it is`,
    );
    text(20, '{{{');
    expect(await messageOf(() => open({ path }))).toMatch(
      /expected a header of one line of JSON; got .*; the file is damaged/,
    );
  });

  it('is not replaced by a snapshot of itself', async () => {
    const store = open();
    const link = newPath();
    linkSync(store.path, link);
    await store.write(all, new Float32Array(300).fill(1));
    for (const path of [store.path, link]) {
      expect(await messageOf(() => store.snapshot(path))).toBe(
        `TableError: fileRows: ${path}: expected to write a snapshot; got the table's own file, which it would lose: choose another path; the table itself is as it was`,
      );
    }
    await store.write(all, new Float32Array(300).fill(2));
    await store.close();
    const again = open({ path: store.path });
    expect(new Set(await again.records(all))).toEqual(new Set([2]));
    await again.close();
  });

  it('without its end is refused', async () => {
    const store = open();
    await store.write(Int32Array.of(2, 50), new Float32Array(10));
    await store.close();
    const { size } = statSync(store.path);
    truncateSync(store.path, size - 1);
    expect(await messageOf(() => open({ path: store.path }))).toBe(
      `TableError: fileRows: ${store.path}: expected 2 rows in ${size} bytes; got 2 rows in ${size - 1} bytes; the file was cut off or damaged, go back to a snapshot`,
    );
  });
});

describe('a failure of the file', () => {
  it('in reading is told, and every later call fails with it', async () => {
    const store = open({ cacheRows: 2 });
    await store.write(Int32Array.of(50), new Float32Array(5));
    await store.gather(Int32Array.of(1, 2, 3));
    truncateSync(store.path, 8192);
    const said = await messageOf(() => store.gather(Int32Array.of(50)));
    expect(said).toBe(
      `TableError: fileRows: ${store.path}: expected to read and write rows; got 20 bytes at 9192 end after 0; the table cannot be used any more, go back to a snapshot when there is room`,
    );
    expect(await messageOf(() => store.gather(Int32Array.of(1)))).toBe(said);
    expect(await messageOf(() => store.close())).toBe(said);
    expect(await messageOf(() => open({ path: store.path }))).toMatch(/flushed after its last change/);
  });

  it('in writing a snapshot leaves the table as it was', async () => {
    const store = open();
    await store.write(all, new Float32Array(300).fill(1));
    const copy = join(folder, 'none', 'copy');
    expect(await messageOf(() => store.snapshot(copy))).toMatch(
      /^TableError: fileRows: .*copy: expected to write a snapshot; got ENOENT: .*; the table itself is as it was$/,
    );
    expect([...new Set(await store.records(all))]).toEqual([1]);
    await store.close();
  });
});

/** Runs statements over an open store in a process of its own, under a limit of the shell; gives what it printed. */
function inProcess(
  statements: string,
  options: FileRowsOptions,
  limit = '',
): { signal: string | null; stdout: string } {
  const module = new URL('./index.ts', import.meta.url);
  const program = `import { fileRows } from ${JSON.stringify(module.href)};
const store = fileRows(${JSON.stringify(options)});
const all = Int32Array.from({ length: ${layout.rows} }, (_, id) => id);
${statements}`;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
  const shell = `${limit} exec ${node.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`;
  const { signal, stdout, stderr } = spawnSync('bash', ['-c', shell], { encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  return { signal, stdout };
}

describe.skipIf(process.platform === 'win32')('a process', () => {
  it('that is killed leaves the snapshot whole and the table refused, or clean where it was flushed', async () => {
    const [path, copy] = [newPath(), newPath()];
    const options = { ...layout, path, cacheRows: 7 };
    const { signal } = inProcess(
      `await store.write(all, new Float32Array(300).fill(1));
       await store.snapshot(${JSON.stringify(copy)});
       await store.write(all, new Float32Array(300).fill(2));
       process.kill(process.pid, 'SIGKILL');`,
      options,
    );
    expect(signal).toBe('SIGKILL');
    expect(await messageOf(() => fileRows(options))).toMatch(/got one whose writer ended before/);
    const back = fileRows({ ...options, path: copy });
    expect([...new Set(await back.records(all))]).toEqual([1]);
    await back.close();
    rmSync(path);
    inProcess(
      `await store.write(all, new Float32Array(300).fill(3));
       await store.flush();
       await store.gather(all);
       process.kill(process.pid, 'SIGKILL');`,
      options,
    );
    const flushed = fileRows(options);
    expect([...new Set(await flushed.records(all))]).toEqual([3]);
    await flushed.close();
  });

  it('whose file can grow no further is told so, and the file is refused afterwards', async () => {
    const options = { ...layout, rows: 100_000, path: newPath(), cacheRows: 2 };
    const { stdout } = inProcess(
      `try {
         await store.write(Int32Array.of(5), new Float32Array(5));
         await store.write(Int32Array.of(99_999), new Float32Array(5));
         await store.flush();
       } catch (error) { console.log(error.name + ': ' + error.message); }
       store.close().catch(() => {});`,
      options,
      'ulimit -f 1000;',
    );
    expect(stdout).toBe(
      `TableError: fileRows: ${options.path}: expected to read and write rows; got EFBIG: file too large, write; the table cannot be used any more, go back to a snapshot when there is room\n`,
    );
    expect(await messageOf(() => fileRows(options))).toMatch(/got one whose writer ended before/);
  });

  it('ends by itself where a store was left open', () => {
    expect(
      inProcess('await store.gather(all); console.log("done");', { ...layout, path: newPath(), cacheRows: 7 }),
    ).toEqual({ signal: null, stdout: 'done\n' });
  });
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
