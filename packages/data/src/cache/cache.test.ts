import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFile, temporaryFolder, tinyMl1m, zipBytes } from '../../test/fixtures.ts';
import { type Interactions, loadDataset } from '../index.ts';
import { decodeCache, encodeCache } from './format.ts';
import { fileSource } from './source.ts';

const columns = { user: 'user', item: 'item', time: 'time' } as const;

/** Everything a store holds, as plain data. */
function content(i: Interactions) {
  const { userOffsets, itemIds, timestamps, ratings, users, items, catalogue } = i;
  return {
    name: i.name,
    digest: i.digest,
    hasTimestamps: i.hasTimestamps,
    steps: i.steps,
    columns: [userOffsets, itemIds, timestamps, ratings].map((c) => c && [...c]),
    users: users.toJSON(),
    items: items.toJSON(),
    catalogue: items.toJSON().external.map((_, n) => [catalogue?.title(n + 1), catalogue?.categories(n + 1)]),
  };
}

async function tiny() {
  const cacheDir = temporaryFolder();
  const path = temporaryFile('ml-1m.zip', zipBytes(tinyMl1m));
  const warnings: string[] = [];
  const load = (rest: object = {}) =>
    loadDataset({ format: 'movielens', path, ...rest }, { cacheDir, onWarning: (w) => warnings.push(w) });
  const read = await load();
  const [name] = readdirSync(cacheDir);
  return { cacheDir, path, load, warnings, read, file: join(cacheDir, name) };
}

describe('the cache', () => {
  it('gives back exactly what was read, without touching the file again', async () => {
    const { load, read, cacheDir, file, warnings } = await tiny();
    const written = statSync(file).mtimeMs;
    const cached = await load();
    expect(content(cached)).toEqual(content(read));
    expect(statSync(file).mtimeMs).toBe(written);
    expect(readdirSync(cacheDir)).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it('keeps text ids and a store without times', async () => {
    const cacheDir = temporaryFolder();
    const path = temporaryFile('e.csv', 'user,item\nzoë,α\nzoë,\n'.replace('zoë,\n', 'bob,\u{1f3ac}\n'));
    const load = () => loadDataset({ format: 'csv', path, columns: { user: 'user', item: 'item' } }, { cacheDir });
    const read = await load();
    const cached = await load();
    expect(content(cached)).toEqual(content(read));
    expect(cached.hasTimestamps).toBe(false);
    expect(cached.users.dense('zoë')).toBe(1);
  });

  it('is not used for other options, and is written anew when the source changes', async () => {
    const { load, cacheDir, path, read } = await tiny();
    await load({ ties: 'shuffle' });
    expect(readdirSync(cacheDir)).toHaveLength(2);
    writeFileSync(path, zipBytes({ ...tinyMl1m, 'ratings.dat': '1::1::1::1\n' }));
    const changed = await load();
    expect(changed.numEvents).toBe(1);
    expect(changed.digest).not.toBe(read.digest);
    expect(readdirSync(cacheDir)).toHaveLength(2);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect((await load()).digest).toBe(changed.digest);
  });

  it.each(['items', 'users'] as const)('is written anew when a file of %s beside the events changes', async (side) => {
    const cacheDir = temporaryFolder();
    const path = temporaryFile('e.csv', 'user,item,time\nu,x,1\nu,y,2\n');
    const own = temporaryFile('side.csv', 'id,size\nx,1\ny,2\nu,3\n');
    const source = {
      format: 'csv',
      path,
      columns,
      [side]: { path: own, id: 'id', columns: { size: { kind: 'number' } } },
    } as const;
    const sizes = async () => {
      const { itemTable, userTable } = await loadDataset(source, { cacheDir });
      const column = (side === 'items' ? itemTable : userTable).columns.get('size');
      return column?.kind === 'number' ? [...column.values].filter((size) => !Number.isNaN(size)).sort() : [];
    };
    const before = await sizes();
    expect(await sizes()).toEqual(before);
    writeFileSync(own, 'id,size\nx,10\ny,20\nu,30\n');
    expect(await sizes()).toEqual(before.map((size) => 10 * size));
    expect(readdirSync(cacheDir)).toHaveLength(1);
  });

  it('is not shared between strict and lenient reading', async () => {
    const cacheDir = temporaryFolder();
    const path = temporaryFile('e.csv', 'user,item,time\nu,x,1\nu,y,soon\n');
    const load = (lenient: boolean) => loadDataset({ format: 'csv', path, columns }, { cacheDir, lenient });
    expect((await load(true)).numEvents).toBe(1);
    await expect(load(false)).rejects.toMatchObject({ code: 'bad-time', line: 3 });
  });

  it('may be kept in the folder it is a copy of', async () => {
    const folder = temporaryFolder();
    for (const [name, bytes] of Object.entries(tinyMl1m)) writeFileSync(join(folder, name), bytes);
    const cacheDir = join(folder, '.cache');
    const load = () => loadDataset({ format: 'movielens', path: folder }, { cacheDir });
    await load();
    const [name] = readdirSync(cacheDir);
    const written = statSync(join(cacheDir, name)).mtimeMs;
    await load();
    expect(statSync(join(cacheDir, name)).mtimeMs).toBe(written);
  });

  it('is reported and made anew when it is damaged', async () => {
    const { load, file, read, warnings } = await tiny();
    const whole = readFileSync(file);
    truncateSync(file, whole.length - 1);
    expect(content(await load())).toEqual(content(read));
    expect(warnings).toEqual([
      `cache ${file} is damaged (expected ${whole.length} bytes; got ${whole.length - 1}); it is made anew`,
    ]);
    expect(readFileSync(file)).toEqual(whole);
    writeFileSync(file, 'SEQRECD1');
    await load();
    writeFileSync(file, '');
    await load();
    expect(warnings).toHaveLength(3);
    expect(readFileSync(file)).toEqual(whole);
  });

  it('notices any changed byte of header and columns', async () => {
    const { file, read } = await tiny();
    const whole = readFileSync(file);
    const key = (JSON.parse(whole.subarray(16, 16 + whole.readUInt32LE(8)).toString()) as { key: string }).key;
    const open = (bytes: Buffer) =>
      decodeCache(
        {
          size: bytes.length,
          read: (from, to) => Uint8Array.from(bytes.subarray(from, to)),
          damaged: () => new Error(),
        },
        key,
      );
    expect(open(whole).state).toBe('ok');
    // Padding between columns holds nothing, so only bytes that mean something must count.
    let padding = 0;
    let from = whole.length - (encodeCache(read, key).slice(2) as Uint8Array[]).reduce((n, part) => n + part.length, 0);
    const meaningful = new Uint8Array(whole.length).fill(1, 0, from);
    for (const part of encodeCache(read, key).slice(2)) {
      if (padding++ % 2 === 0) meaningful.fill(1, from, from + part.length);
      from += part.length;
    }
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] ^= 0x20;
      expect([at, open(changed).state]).toEqual([at, meaningful[at] === 1 ? 'damaged' : 'ok']);
    }
  });

  it('reads the event columns of a large file when they are first looked at', async () => {
    const { file, read } = await tiny();
    const whole = readFileSync(file);
    const key = (JSON.parse(whole.subarray(16, 16 + whole.readUInt32LE(8)).toString()) as { key: string }).key;
    const lazily = () => {
      const decoded = decodeCache(fileSource(file), key, 0);
      return decoded.state === 'ok' ? decoded.interactions : undefined;
    };
    expect(content(lazily() as Interactions)).toEqual(content(read));
    const opened = lazily() as Interactions;
    const { itemIds } = opened;
    expect(opened.itemIds).toBe(itemIds);
    // Another file in the place of the one that was opened.
    writeFileSync(file, Buffer.from(whole).fill('x', 8, 16));
    expect(() => opened.timestamps).toThrow('expected the cache file that was opened; got another one in its place');
    writeFileSync(file, whole);
    expect([...opened.timestamps]).toEqual([...read.timestamps]);
    // The bytes of a column that was not looked at yet.
    const at = whole.indexOf(Buffer.from(read.ratings?.buffer as ArrayBuffer, 0, 4 * read.numEvents));
    writeFileSync(file, Buffer.from(whole).fill(whole[at] ^ 1, at, at + 1));
    expect(() => lazily()?.ratings).toThrow(
      `loadDataset: ${file}: expected the cache file as it was written; got column rating of events does not match its checksum; ` +
        'it was removed; load the data set again, which makes it anew',
    );
    expect(() => statSync(file)).toThrow('ENOENT');
  });

  it('costs a warning, not the dataset, when it cannot be written', async () => {
    const blocker = temporaryFile('not-a-folder', 'x');
    const warnings: string[] = [];
    const path = temporaryFile('e.csv', 'user,item,time\nu,x,1\n');
    const i = await loadDataset(
      { format: 'csv', path, columns },
      { cacheDir: join(blocker, 'cache'), onWarning: (w) => warnings.push(w) },
    );
    expect(i.numEvents).toBe(1);
    expect(warnings.at(-1)).toContain('cannot be written');
  });
});
