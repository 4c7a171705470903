import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { temporaryFile, zipBytes } from '../../test/fixtures.ts';
import { loadDataset } from '../index.ts';

const columns = { user: 'u', item: 'i', time: 't' } as const;
// More than a chunk, packed and unpacked: ids by a hash.
const rows = Array.from(
  { length: 60_000 },
  (_, k) => `${Math.imul(k, 0x9e3779b1) >>> 8},${k % 977},${1_300_000_000 + k}`,
);
const text = `u,i,t\n${rows.join('\n')}\n`;
const packed = gzipSync(text);
const load = (path: string, lenient = false) => loadDataset({ format: 'csv', path, columns, name: 'log' }, { lenient });

it('a .gz is unpacked alone and inside a zip', async () => {
  expect(packed.length).toBeGreaterThan(1 << 18);
  const { digest } = await load(temporaryFile('e.csv', text));
  expect((await load(temporaryFile('e.csv.gz', packed))).digest).toBe(digest);
  expect((await load(temporaryFile('e.zip', zipBytes({ 'log/e.csv.gz': packed, 'log/about': 'x' })))).digest).toBe(
    digest,
  );
});

it('files of a layout may be packed inside a zip', async () => {
  const amazon = gzipSync('user\titem\ttimestamp\na\t1\t1300000000\n');
  const path = temporaryFile('a.zip', zipBytes({ 'interactions.tsv.gz': amazon }));
  expect((await loadDataset({ format: 'amazon', path })).numEvents).toBe(1);
  // Of the first file the header alone is read at first.
  const part = (n: number) => gzipSync(`label,user\n${`1,u${n}\n`.repeat(100_000)}`);
  const parts = zipBytes({ 'train.csv.gz': part(1), 'valid.csv.gz': part(2), 'test.csv.gz': part(3) });
  const i = await loadDataset({ format: 'fuxictr', path: temporaryFile('f.zip', parts), columns: { user: 'user' } });
  expect([i.numEvents, i.numUsers]).toEqual([300_000, 3]);
});

it.each([
  [
    'movielens',
    'ratings.csv',
    'movies.csv',
    'userId,movieId,rating,timestamp\n1,2,3,4\n',
    'movieId,title,genres\n2,T,G\n7,U,G\n',
  ],
  [
    'movielens',
    'u.data',
    'u.item',
    '1\t2\t3\t4\n',
    `2|T|01-Jan-1995||u${'|0'.repeat(19)}\n7|U|01-Jan-1995||u${'|0'.repeat(19)}\n`,
  ],
  ['amazon', 'interactions.tsv', 'items.tsv', 'user\titem\ttimestamp\n1\t2\t1300000000\n', 'item\ttitle\n2\tT\n7\tU\n'],
  [
    'mind',
    'behaviors.tsv',
    'news.tsv',
    '1\tU1\t11/11/2019 9:05:58 AM\t\t2-1\n',
    '2\tc\ts\tT\t\t\t[]\t[]\n7\tc\ts\tU\t\t\t[]\t[]\n',
  ],
] as const)(
  'items of a %s layout are read from a .gz too: %s, %s',
  async (format, events, items, eventText, itemText) => {
    const plain = { [events]: eventText, [items]: itemText };
    const packedItems = { [events]: eventText, [`${items}.gz`]: gzipSync(itemText) };
    const allPacked = { [`${events}.gz`]: gzipSync(eventText), [`${items}.gz`]: gzipSync(itemText) };
    // A packed copy that is out of date, before and after the plain file.
    const both = { [`${events}.gz`]: gzipSync('x'), [`${items}.gz`]: gzipSync('x'), ...plain };
    const after = { ...plain, [`${items}.gz`]: gzipSync('x'), [`${events}.gz`]: gzipSync('x') };
    for (const files of [plain, packedItems, allPacked, both, after]) {
      const source = { format, path: temporaryFile('a.zip', zipBytes(files)) } as const;
      const { numItems, catalogue, items: ids } = await loadDataset(source);
      expect(numItems, Object.keys(files).join()).toBe(2);
      expect(['2', '7'].map((id) => catalogue?.title(ids.dense(id)!))).toEqual(['T', 'U']);
    }
  },
);

it('one that is damaged, or no gzip, is told with its place, also where bad rows are skipped', async () => {
  for (const bytes of [packed.subarray(0, packed.length >> 1), Buffer.from(text)]) {
    const refusal = {
      code: 'bad-gzip',
      message: expect.stringContaining('expected a whole gzip file; got a damaged one'),
    };
    const zip = temporaryFile('e.zip', zipBytes({ 'e.csv.gz': bytes }));
    await expect(load(zip, true)).rejects.toMatchObject({ ...refusal, file: zip, entry: 'e.csv.gz' });
    const alone = temporaryFile('e.csv.gz', bytes);
    await expect(load(alone, true)).rejects.toMatchObject({ ...refusal, file: alone });
  }
});

it('a checksum of the zip that does not agree is told as that of the zip', async () => {
  const zip = zipBytes({ 'e.csv.gz': packed }, { wrongChecksum: 'e.csv.gz' });
  await expect(load(temporaryFile('e.zip', zip))).rejects.toMatchObject({ code: 'bad-checksum', entry: 'e.csv.gz' });
});
