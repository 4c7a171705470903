import { spawnSync } from 'node:child_process';
import { linkSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { all, folder, layout, messageOf, newPath, open } from '../../test/tables-in-files.ts';
import { fileRows } from './file-rows.ts';
import type { FileRowsOptions } from './file-rows-options.ts';

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
    for (const [key, damaged] of [
      ['"initial":', '"initiol":'],
      ['"present":0', '"present":"'],
      ['"isClean":true', '"isClean":1234'],
    ]) {
      text(bytes.indexOf(key), damaged);
      expect(await messageOf(() => open({ path })), key).toMatch(
        /^TableError: .*: expected a header of one line of JSON; got .*; the file is damaged/,
      );
    }
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
