import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partOf } from '../../../../test/part.ts';
import { temporaryFile } from '../../test/fixtures.ts';
import { type CsvSource, type DataError, loadDataset } from '../index.ts';
import type { CsvReader } from './choose-reader.ts';

const duckdb = await import('@duckdb/node-api').catch(() => undefined);

type Options = Partial<Omit<CsvSource, 'format' | 'path'>>;

const columns = { user: 'u', item: 'i', time: 't', rating: 'r' } as const;
const byDuckdb = /by DuckDB \(\d+ threads?, at most 1GB of memory\)/;

async function outcome(path: string, reader: CsvReader, options: Options, lenient: boolean) {
  const read = loadDataset({ format: 'csv', path, columns, ...options, reader }, { lenient });
  return read.then(
    ({ digest, steps: [{ detail, problems }] }) => ({ digest, problems, fast: byDuckdb.test(detail) }),
    ({ code, message }: DataError) => ({ code, message }),
  );
}

/** Reads a file by both readers, which have to agree in all that can be seen; gives back whether DuckDB read it. */
async function both(content: string | Buffer, options: Options = {}, lenient = false): Promise<boolean> {
  const path = temporaryFile('e.csv', content);
  const { fast: _, ...slow } = { fast: false, ...(await outcome(path, 'csv-parse', options, lenient)) };
  const { fast, ...quick } = { fast: false, ...(await outcome(path, 'duckdb', options, lenient)) };
  expect(quick).toEqual(slow);
  return fast;
}

const id = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map(String),
  fc.constantFrom('7', '07', '7.0', '-7', '+7', '16777215', '16777216', '9999999', '10000000', '9007199254740993'),
  fc.stringMatching(/^[a-zA-Z]{1,3}$/),
  fc.stringMatching(/^[a-z]{10,40}$/),
  fc.constantFrom('é', '日本語', 'ÿ\u{1f600}', 'user-0123456789', 'user-0123456788'),
);
const odd = fc.constantFrom(
  '',
  ' ',
  ' 7',
  '7 ',
  'NA',
  'nan',
  '\\N',
  '\t8',
  '\u0001',
  '"',
  '""',
  'a"b',
  '"7"',
  '\ufffd',
  '\u00a0',
);
const time = fc.oneof(
  fc.integer({ min: 1_300_000_000, max: 1_300_000_030 }).map(String),
  fc.constantFrom('1300000000.5', '1300000000.123456789', '1.3e9', '01300000000', ' 1300000001'),
);
const rating = fc.constantFrom('1', '2.5', '-3', '.5', '4.', '1e2', '0.1', '123456789012345678');
const sometimes = (usual: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 300, arbitrary: usual }, { weight: 1, arbitrary: odd });

describe.skipIf(duckdb === undefined)('csv-parse and DuckDB', () => {
  it('give the same data set, or the same error, for any file', async () => {
    const row = fc.tuple(
      sometimes(id),
      sometimes(id),
      sometimes(time),
      sometimes(rating),
      fc.constantFrom('', 'x', 'y y'),
    );
    const file = fc.record({
      rows: fc.array(row, { minLength: 1, maxLength: 30 }),
      end: fc.constantFrom('\n', '\n', '\n', '\r\n'),
      last: fc.boolean(),
      extra: fc.oneof(
        { weight: 5, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom('', '1,2', '1,2,1300000000,4', '1,2,1300000000,4,,', '\r', '"') },
      ),
      quoted: fc.boolean(),
      delimiter: fc.constantFrom(',', ';', '\t'),
      lenient: fc.boolean(),
      missing: fc.oneof(
        { weight: 4, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.subarray(['7', '-7', '07', '1', '2.50', '1300000001', 'x', 'true']) },
      ),
    });
    let fast = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(file, async ({ rows, end, last, extra, quoted, delimiter, lenient, missing }) => {
        const field = (text: string) => (quoted ? `"${text.replaceAll('"', '""')}"` : text);
        const lines = [['u', 'i', 't', 'r', 'x'], ...rows].map((fields) => fields.map(field).join(delimiter));
        if (extra !== null) lines.splice(1 + Math.floor(lines.length / 2), 0, extra.replaceAll(',', delimiter));
        runs++;
        const options: Options = missing === undefined ? {} : { missing, withoutUser: 'skip' };
        if (await both(`${lines.join(end)}${last ? end : ''}`, options, lenient)) fast++;
      }),
      { numRuns: partOf(80, 4) },
    );
    expect(fast).toBeGreaterThan(runs / 3);
  });

  const rows = 'a,1,1300000000,4\nb,2,1300000001,5\na,2,1300000001,3\n';
  const table = `u,i,t,r\n${rows}`;

  it.each<[string, boolean, string | Buffer, Options?]>([
    ['plain', true, table],
    ['without a header', true, rows, { header: false, columns: { user: 0, item: 1, time: 2 } }],
    ['without times', true, table, { columns: { user: 'u', item: 'i' } }],
    [
      'titles in the rows',
      true,
      'u,i,t,title\na,1,5,\nb,1,6,"One, or ""1"""\n',
      { columns: { user: 'u', item: 'i', title: 'title' } },
    ],
    [
      'ISO dates',
      true,
      'u,i,t,r\na,1,2011-03-13 07:06:40,4\nb,2,2012-02-29T23:59:59,5\na,2,2011-03-13 07:06:41.5,3\n',
      { timeUnit: 'iso' },
    ],
    ['milliseconds', true, table.replaceAll(/13000\d+/g, '$&123'), { timeUnit: 'ms' }],
    ['a pattern of times', true, table.replaceAll(/13000\d+/g, '13.03.2011'), { timeFormat: '%d.%m.%Y' }],
    ['ids that were floats', true, table.replaceAll(/,([12]),/g, ',$1.0,')],
    ['rows without a user', true, table.replace('b,2', ',9'), { withoutUser: 'skip' }],
    ['other markers', true, table.replace('b', '-'), { missing: ['-'], withoutUser: 'skip' }],
    [
      'further columns',
      true,
      'u,i,t,n,k,l,w\na,1,1300000000,NA,x,p|q,2011\nb,1,1300000002,2.5,,,\n',
      {
        columns: { user: 'u', item: 'i', time: 't' },
        further: { n: { kind: 'number' }, k: { kind: 'id' }, l: { kind: 'ids' }, w: { kind: 'time' } },
      },
    ],
    [
      'a vocabulary that two columns share',
      true,
      'u,i,t,seen\na,1,1300000000,2\nb,7,1300000002,z\n',
      {
        columns: { user: 'u', item: 'i', time: 't' },
        further: { seen: { kind: 'id', vocabulary: 'i' } },
      },
    ],
    ['shuffled ties', true, table, { ties: 'shuffle', tieSeed: 3 }],
    ['quotes as ordinary characters', true, table.replace('b', 'b"'), { quote: false }],
    ['Latin-1', false, Buffer.from(table.replace('b', 'é'), 'latin1'), { encoding: 'latin1' }],
    ['a byte order mark', false, `\ufeff${table}`],
    ['a line sep=', false, `sep=,\n${table}`],
    ['row names', false, `u,i,t,r\n${[1, 2, 3, 4].map((n) => `${n},a,${n},1300000000,2`).join('\n')}\n`],
    ['a stray quote', false, table.replace('b', 'b"b')],
    ['a blank line', false, table.replace('\nb', '\n\nb')],
    ['a quote of two lines', false, table.replace('b', '"b\nb"')],
    ['a packed file', false, gzipSync(table)],
    ['UTF-16', false, Buffer.from(`\ufeff${table}`, 'utf16le')],
    [
      'bytes that are no UTF-8',
      false,
      Buffer.concat([Buffer.from(table), Buffer.from([0xff]), Buffer.from(',1,1300000000,1\n')]),
    ],
    ['early times', false, table.replaceAll('1300000', '19')],
    ['a column that is not there', false, table, { columns: { user: 'v', item: 'i' } }],
    [
      'too few fields in a column that nobody reads',
      false,
      'u,i,x\na,1,\nb,2\n',
      { columns: { user: 'u', item: 'i' } },
    ],
    ['too many fields', false, 'u,i,x\na,1,\nb,2,3,4\n', { columns: { user: 'u', item: 'i' } }],
  ])('agree on %s', async (_, fast, content, options) => {
    expect(await both(content, options)).toBe(fast);
    await both(content, options, true);
  });

  it('agree on long and short ids over many chunks', async () => {
    const id = (n: number) =>
      n % 5 === 0 ? `s${n % 97}` : `a-rather-long-id-${(n * 7919) % 1009}${'x'.repeat(n % 90)}`;
    const many = Array.from({ length: 9000 }, (_, n) => `${id(n)},${id(3 * n)},${1_300_000_000 + n},${n % 5}`);
    expect(await both(`u,i,t,r\n${many.join('\n')}\n`)).toBe(true);
  });

  it('say the line of a bad row, whichever is asked', async () => {
    const path = temporaryFile('e.csv', table.replace('1300000001,5', 'soon,5'));
    for (const reader of ['csv-parse', 'duckdb'] as const) {
      await expect(outcome(path, reader, {}, false)).resolves.toMatchObject({
        code: 'bad-time',
        message: expect.stringContaining('e.csv:3: expected seconds since 1970; got "soon"'),
      });
    }
  });

  it('name the nearest column for one that is not there', async () => {
    const path = temporaryFile('e.csv', 'user_id,item,timestamp\na,1,1300000000\n');
    for (const reader of ['csv-parse', 'duckdb'] as const) {
      for (const [wrong, near] of [
        ['usr_id', 'user_id'],
        ['userid', 'user_id'],
        ['USER_ID', 'user_id'],
        ['time', 'timestamp'],
      ]) {
        const columns = { user: wrong, item: 'item' };
        await expect(outcome(path, reader, { columns }, false)).resolves.toMatchObject({
          code: 'missing-column',
          message: expect.stringContaining(`did you mean "${near}"?`),
        });
      }
      await expect(outcome(path, reader, { columns: { user: 'quux', item: 'item' } }, false)).resolves.toMatchObject({
        message: expect.stringContaining('name the column with --data.columns.user'),
      });
    }
  });
});
