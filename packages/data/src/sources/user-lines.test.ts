import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { detectFormat, loadDataset, loadNamedDataset } from '../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-user-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (items: string, times: string): string => {
  writeFileSync(join(folder, 'Shop_item.txt'), items);
  writeFileSync(join(folder, 'Shop_time.txt'), times);
  return folder;
};
const read = (path: string, lenient = false) => loadDataset({ format: 'user-lines', path }, { lenient });

describe('sequences with one user a line', () => {
  it('are found by their files, and sorted by time', async () => {
    const path = write('7 a b a\nu9 b\n', '7 1500000003 1500000002 1500000001\nu9 1500000000\n\n');
    expect(await detectFormat(path)).toEqual({ format: 'user-lines', path });
    const data = await read(path);
    expect(Array.from(data.itemIds, (item) => data.items.external(item))).toEqual(['a', 'b', 'a', 'b']);
    expect([...data.timestamps]).toEqual([1500000001, 1500000002, 1500000003, 1500000000]);
    expect(data.steps[0].detail).toBe('Read 4 events of 2 users from Shop_item.txt and Shop_time.txt, a user a line.');
  });

  it.each([
    ['1 a b\n', '1 1500000000\n', 'Shop_item.txt:1: expected 2 times of user 1 in Shop_time.txt; got 1 of user 1'],
    [
      '1 a\n2 b\n',
      '1 1500000000\n3 1500000000\n',
      'Shop_item.txt:2: expected 1 times of user 2 in Shop_time.txt; got 1 of user 3',
    ],
    ['1 a\n2 b\n', '1 1500000000\n', 'expected 1 times of user 2 in Shop_time.txt; got none'],
    ['1 a\n', '1 1500000000\n2 1500000000\n', 'expected as many lines as Shop_time.txt has, 2; got 1'],
    ['1 a\n', '1 soon\n', 'expected seconds since 1970; got "soon"'],
  ])('refuse %j with times %j', async (items, times, message) => {
    await expect(read(write(items, times))).rejects.toThrow(message);
  });

  it('leave a bad line out where they may', async () => {
    const data = await read(write('1 a\n2 b\n3 c\n', '1 1500000000\n2 never\n3 1500000000\n'), true);
    expect(data.numEvents).toBe(2);
    expect(data.steps[0].counts.skipped).toBe(1);
  });

  const real = process.env.SEQREC_DATA;
  it.skipIf(real === undefined || !existsSync(join(real, 'yelp-2019')))('has the counts of Yelp 2019', async () => {
    const data = await loadNamedDataset('yelp-2019', real as string);
    expect([data.numEvents, data.numUsers, data.numItems]).toEqual([316_354, 30_431, 20_033]);
  });
});
