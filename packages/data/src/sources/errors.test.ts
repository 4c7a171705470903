import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { filesBelow, temporaryFolder, tinyMl1m, zipBytes } from '../../test/fixtures.ts';
import { ArchiveError, DataError, type DatasetSource, loadDataset, OptionError } from '../index.ts';

interface Case {
  readonly name: string;
  /** Files to write; the source path is `path` below the folder. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly path: string;
  readonly source: Omit<Extract<DatasetSource, { format: 'csv' }>, 'path'> | { format: 'movielens' | 'amazon' };
  readonly type?: typeof DataError | typeof ArchiveError | typeof OptionError;
  readonly code: string;
  readonly line?: number;
  readonly entry?: string;
  readonly key?: string;
  readonly column?: string | number;
  /** What the message must contain, beside the place. */
  readonly says: string;
}

const movielens = { format: 'movielens' } as const;
const amazon = { format: 'amazon' } as const;
const csv = (rest: object = {}) =>
  ({ format: 'csv', columns: { user: 'user', item: 'item', time: 'time', rating: 'rating' }, ...rest }) as const;
const good = 'user,item,time,rating\na,x,10,4\n';
const ml1m = (ratings: string) =>
  zipBytes({ 'ml-1m/ratings.dat': ratings, 'ml-1m/movies.dat': tinyMl1m['movies.dat'] });
const whole = zipBytes({ ...tinyMl1m });

const cases: readonly Case[] = [
  // Archives and files.
  {
    name: 'a truncated zip',
    files: { 'a.zip': whole.subarray(0, whole.length - 30) },
    path: 'a.zip',
    source: movielens,
    type: ArchiveError,
    code: 'bad-zip',
    says: 'expected a whole zip archive',
  },
  {
    name: 'a zip whose data is damaged',
    files: { 'a.zip': Buffer.concat([whole.subarray(0, 50), Buffer.alloc(12, 0xff), whole.subarray(62)]) },
    path: 'a.zip',
    source: movielens,
    type: ArchiveError,
    code: 'bad-zip',
    entry: 'ratings.dat',
    says: 'damaged',
  },
  {
    name: 'a zip entry with a wrong checksum',
    files: { 'a.zip': zipBytes({ ...tinyMl1m }, { wrongChecksum: 'ratings.dat' }) },
    path: 'a.zip',
    source: movielens,
    type: ArchiveError,
    code: 'bad-checksum',
    entry: 'ratings.dat',
    says: 'expected CRC-32',
  },
  {
    name: 'a zip entry above its folder',
    files: { 'a.zip': zipBytes({ '../../x': 'boo', ...tinyMl1m }) },
    path: 'a.zip',
    source: movielens,
    type: ArchiveError,
    code: 'zip-slip',
    entry: '../../x',
    says: 'got "../../x"',
  },
  {
    name: 'a zip entry with an absolute path',
    files: { 'a.zip': zipBytes({ ...tinyMl1m, '/etc/passwd': 'boo' }) },
    path: 'a.zip',
    source: movielens,
    type: ArchiveError,
    code: 'zip-slip',
    entry: '/etc/passwd',
    says: 'got "/etc/passwd"',
  },
  {
    name: 'a zip entry that climbs from inside, with backslashes',
    files: { 'a.zip': zipBytes({ ...tinyMl1m, 'ml\\..\\..\\x': 'boo' }) },
    path: 'a.zip',
    source: movielens,
    type: ArchiveError,
    code: 'zip-slip',
    entry: 'ml/../../x',
    says: 'got "ml/../../x"',
  },
  {
    name: 'not a zip at all',
    files: { 'a.zip': '<html>404</html>' },
    path: 'a.zip',
    source: movielens,
    type: ArchiveError,
    code: 'bad-zip',
    says: 'expected a whole zip archive',
  },
  { name: 'a missing file', path: 'no.csv', source: csv(), code: 'missing-file', says: 'got nothing there' },
  { name: 'an empty file', files: { 'a.csv': '' }, path: 'a.csv', source: csv(), code: 'empty-file', says: 'empty' },
  {
    name: 'an empty entry in a zip',
    files: { 'a.zip': zipBytes({ ...tinyMl1m, 'ratings.dat': '' }) },
    path: 'a.zip',
    source: movielens,
    code: 'empty-file',
    entry: 'ratings.dat',
    says: 'empty',
  },
  {
    name: 'a truncated gzip',
    files: { 'a.csv.gz': gzipSync(good.repeat(50)).subarray(0, 40) },
    path: 'a.csv.gz',
    source: csv(),
    code: 'bad-gzip',
    says: 'gzip',
  },
  {
    name: 'a folder without a known layout',
    files: { 'd/readme.md': 'hello' },
    path: 'd',
    source: movielens,
    code: 'unknown-layout',
    says: 'u.data + u.item (ml-100k)',
  },
  {
    name: 'a folder with two ratings files',
    files: { 'd/ratings.dat': '1::1::1::1\n', 'd/sub/ratings.dat': '1::1::1::1\n' },
    path: 'd',
    source: movielens,
    code: 'ambiguous-layout',
    says: 'ratings.dat, sub/ratings.dat',
  },
  {
    name: 'a folder that is no Amazon data',
    files: { 'd/ratings.dat': '1::1::1::1\n' },
    path: 'd',
    source: amazon,
    code: 'unknown-layout',
    says: 'expected interactions.tsv or ratings_*.csv',
  },
  {
    name: 'an unsupported extension',
    files: { 'a.parquet': 'PAR1' },
    path: 'a.parquet',
    source: csv(),
    code: 'unsupported-extension',
    says: 'got ".parquet"',
  },
  {
    name: 'a folder with several tables and none named',
    files: { 'd/a.csv': good, 'd/b.csv': good },
    path: 'd',
    source: csv(),
    code: 'ambiguous-layout',
    key: 'file',
    says: 'got a.csv, b.csv',
  },
  // Tables.
  {
    name: 'a header and nothing else',
    files: { 'a.csv': 'user,item,time,rating\n' },
    path: 'a.csv',
    source: csv(),
    code: 'no-rows',
    says: 'got none',
  },
  {
    name: 'a MovieLens header and nothing else',
    files: { 'ratings.csv': 'userId,movieId,rating,timestamp\n' },
    path: 'ratings.csv',
    source: movielens,
    code: 'no-rows',
    says: 'got none',
  },
  {
    name: 'a ratings.csv with other columns',
    files: { 'ratings.csv': 'user,film,stars,when\n1,2,3,4\n' },
    path: 'ratings.csv',
    source: movielens,
    code: 'bad-header',
    line: 1,
    says: 'expected the header "userId,movieId,rating,timestamp"',
  },
  {
    name: 'a wrong delimiter',
    files: { 'a.csv': 'user;item;time;rating\na;x;10;4\n' },
    path: 'a.csv',
    source: csv({ delimiter: ',' }),
    code: 'wrong-delimiter',
    line: 1,
    says: 'the line looks separated by ";"',
  },
  {
    name: 'a column that is not there',
    files: { 'a.csv': 'user,Item,time,rating\na,x,10,4\n' },
    path: 'a.csv',
    source: csv(),
    type: OptionError,
    code: 'missing-column',
    line: 1,
    key: 'columns.item',
    column: 'item',
    says: 'did you mean "Item"?',
  },
  {
    name: 'a column position beyond the last',
    files: { 'a.csv': 'a,x,10\n' },
    path: 'a.csv',
    source: csv({ columns: { user: 0, item: 1, time: 3 } }),
    type: OptionError,
    code: 'missing-column',
    line: 1,
    key: 'columns.time',
    column: 3,
    says: 'columns are counted from 0',
  },
  {
    name: 'a mapping without an item',
    files: { 'a.csv': good },
    path: 'a.csv',
    source: csv({ columns: { user: 'user' } }),
    type: OptionError,
    code: 'bad-option',
    key: 'columns.item',
    says: 'expected a column for item',
  },
  {
    name: 'an unknown key in the mapping',
    files: { 'a.csv': good },
    path: 'a.csv',
    source: csv({ columns: { user: 'user', item: 'item', when: 'time' } }),
    type: OptionError,
    code: 'bad-option',
    key: 'columns.when',
    says: 'got "when"',
  },
  {
    name: 'a time that is no number',
    files: { 'a.csv': `${good}b,y,yesterday,4\n` },
    path: 'a.csv',
    source: csv(),
    code: 'bad-time',
    line: 3,
    column: 'time',
    says: 'got "yesterday"',
  },
  {
    name: 'a date that does not exist',
    files: { 'a.csv': 'user,item,time,rating\na,x,2020-02-28,4\na,x,2021-02-29,4\n' },
    path: 'a.csv',
    source: csv({ timeUnit: 'iso' }),
    code: 'bad-time',
    line: 3,
    column: 'time',
    says: 'expected an ISO date; got "2021-02-29"',
  },
  {
    name: 'milliseconds read as seconds',
    files: { 'a.csv': 'user,item,time,rating\na,x,978300760000,4\n' },
    path: 'a.csv',
    source: csv(),
    code: 'time-out-of-range',
    line: 2,
    column: 'time',
    says: "set timeUnit: 'ms'",
  },
  {
    name: 'a time before 1970',
    files: { 'u.data': '1\t2\t3\t-5\n' },
    path: 'u.data',
    source: movielens,
    code: 'time-out-of-range',
    line: 1,
    column: 'time',
    says: 'got -5 s',
  },
  {
    name: 'a NaN rating',
    files: { 'a.csv': `${good}b,y,11,NaN\n` },
    path: 'a.csv',
    source: csv(),
    code: 'bad-rating',
    line: 3,
    column: 'rating',
    says: 'got "NaN"',
  },
  {
    name: 'a negative id',
    files: { 'a.csv': `${good}-1,y,11,4\n` },
    path: 'a.csv',
    source: csv(),
    code: 'negative-id',
    line: 3,
    column: 'user',
    says: 'got "-1"',
  },
  {
    name: 'an empty id',
    files: { 'a.csv': `${good}b,,11,4\n` },
    path: 'a.csv',
    source: csv(),
    code: 'missing-id',
    line: 3,
    column: 'item',
    says: 'empty field',
  },
  {
    name: 'an id that is no UTF-8',
    files: { 'a.csv': Buffer.concat([Buffer.from(good), Buffer.from('b\xe9,y,11,4\n', 'latin1')]) },
    path: 'a.csv',
    source: csv(),
    code: 'bad-encoding',
    line: 3,
    column: 'user',
    says: "encoding: 'latin1'",
  },
  {
    name: 'an unterminated quote',
    files: { 'a.csv': `${good}b,"y,11,4\nc,z,12,5\n` },
    path: 'a.csv',
    source: csv(),
    code: 'unterminated-quote',
    line: 3,
    says: 'got the end of the file',
  },
  {
    name: 'a stray quote',
    files: { 'a.csv': `${good}b,y"y,11,4\n` },
    path: 'a.csv',
    source: csv(),
    code: 'bad-quote',
    line: 3,
    says: 'quote: false',
  },
  {
    name: 'a row with too few fields',
    files: { 'a.csv': `${good}b,y,11\n` },
    path: 'a.csv',
    source: csv(),
    code: 'wrong-field-count',
    line: 3,
    says: 'expected 4 fields separated by ","; got 3',
  },
  // Published layouts.
  {
    name: 'a corrupt row inside a zip',
    files: { 'a.zip': ml1m('10::2::5::978300020\n10::1::978300010\n') },
    path: 'a.zip',
    source: movielens,
    code: 'wrong-field-count',
    entry: 'ml-1m/ratings.dat',
    line: 2,
    says: 'expected 4 fields separated by "::"; got 3',
  },
  {
    name: 'a negative movie id',
    files: { 'a.zip': ml1m('10::2::5::978300020\n10::-1::5::978300010\n') },
    path: 'a.zip',
    source: movielens,
    code: 'negative-id',
    entry: 'ml-1m/ratings.dat',
    line: 2,
    column: 'item',
    says: 'got "-1"',
  },
  {
    name: 'a rating of a movie that is not listed',
    files: { 'a.zip': ml1m('10::2::5::978300020\n10::99::5::978300010\n') },
    path: 'a.zip',
    source: movielens,
    code: 'unknown-item',
    entry: 'ml-1m/ratings.dat',
    line: 2,
    column: 'item',
    says: 'got item 99',
  },
  {
    name: 'a movie listed twice',
    files: { 'a.zip': zipBytes({ ...tinyMl1m, 'movies.dat': '1::A::Drama\n1::B::Drama\n' }) },
    path: 'a.zip',
    source: movielens,
    code: 'repeated-item',
    entry: 'movies.dat',
    line: 2,
    column: 'item',
    says: 'got 1 twice',
  },
  {
    name: 'milliseconds in a ratings file',
    files: { 'u.data': '1\t2\t3\t9\n1\t2\t3\t978300760000\n' },
    path: 'u.data',
    source: movielens,
    code: 'time-out-of-range',
    line: 2,
    column: 'time',
    says: 'got 978300760000 s',
  },
  {
    name: 'an empty id in a ratings file',
    files: { 'u.data': '1\t2\t3\t9\n1\t\t3\t9\n' },
    path: 'u.data',
    source: movielens,
    code: 'bad-id',
    line: 2,
    column: 'item',
    says: 'expected a whole number as item id; got ""',
  },
  {
    name: 'a line without an end',
    files: { 'u.data': Buffer.alloc(3 << 20, '1') },
    path: 'u.data',
    source: movielens,
    code: 'long-line',
    line: 1,
    says: 'less than 1 MiB',
  },
];

describe('files that cannot be read', () => {
  it.each(cases)('$name', async (c) => {
    const folder = temporaryFolder();
    const cacheDir = join(folder, 'cache');
    for (const [name, content] of Object.entries(c.files ?? {})) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const before = filesBelow(folder);
    const path = join(folder, c.path);
    const error = await loadDataset({ ...c.source, path } as DatasetSource, { cacheDir }).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(c.type ?? DataError);
    if (!(error instanceof DataError)) throw error;
    expect(error.name).toBe((c.type ?? DataError).name);
    const { code, line, entry, key, column } = error;
    expect({ code, line, entry, key, column }).toEqual({
      code: c.code,
      line: c.line,
      entry: c.entry,
      key: c.key,
      column: c.column,
    });
    expect(error.message).toContain(c.says);
    if (c.key === undefined || c.line !== undefined) {
      expect(error.file?.startsWith(folder)).toBe(true);
      const place = `${error.file}${entry === undefined ? '' : `!${entry}`}${line === undefined ? '' : `:${line}`}`;
      expect(error.message).toContain(`${place}: `);
    }
    expect(filesBelow(folder)).toEqual(before);
  });

  it('refuses a source without a path or of an unknown format', async () => {
    await expect(loadDataset({ format: 'movielens' } as DatasetSource)).rejects.toMatchObject({
      name: 'OptionError',
      key: 'path',
    });
    await expect(loadDataset({ format: 'xlsx', path: 'x' } as unknown as DatasetSource)).rejects.toMatchObject({
      name: 'OptionError',
      key: 'format',
      message: 'loadDataset: expected format movielens, amazon or csv; got "xlsx"',
    });
  });
});
