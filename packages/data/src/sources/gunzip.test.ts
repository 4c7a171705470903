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
