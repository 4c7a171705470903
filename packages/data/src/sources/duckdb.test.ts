import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFile, temporaryFolder } from '../../test/fixtures.ts';
import { loadDataset } from '../index.ts';

const duckdb = await import('@duckdb/node-api').catch(() => undefined);

const columns = { user: 'who', item: 'what', time: 'stamp' } as const;
const further = { price: { kind: 'number' }, tags: { kind: 'ids' }, bought: { kind: 'number' } } as const;
const source = { columns, further, labels: ['bought'] } as const;

/** Writes the rows of a CSV as DuckDB does. */
async function written(csv: string, as: string, type: string): Promise<string> {
  if (duckdb === undefined) throw new Error('no DuckDB');
  const to = join(temporaryFolder(), as);
  const instance = await duckdb.DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const tags = "string_split(NULLIF(tags, ''), '|') AS tags";
  await connection.run(
    `COPY (SELECT who, CAST(what AS INTEGER) AS what, to_timestamp(CAST(stamp AS DOUBLE))::TIMESTAMP AS stamp,
     CAST(NULLIF(price, '') AS DOUBLE) AS price, ${tags}, CAST(bought AS INTEGER) AS bought
     FROM read_csv('${csv}', all_varchar = true, header = true)) TO '${to}' (FORMAT ${type})`,
  );
  connection.closeSync();
  instance.closeSync();
  return to;
}

// No word that stands for a missing value, such as nan.
const word = fc.stringMatching(/^[a-m][a-z]{0,2}$/);
const row = fc.record({
  who: word,
  what: fc.integer({ min: 0, max: 20 }),
  at: fc.integer({ min: 1_300_000_000, max: 1_300_000_050 }),
  price: fc.option(fc.integer({ min: -400, max: 400 }).map((n) => n / 8)),
  tags: fc.array(word, { maxLength: 3 }),
  bought: fc.integer({ min: 0, max: 1 }),
});

describe.skipIf(duckdb === undefined)('DuckDB', () => {
  it('gives the digest of the CSV for the same rows in Parquet, JSON lines and a query', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 25 }), async (rows) => {
        const lines = rows.map((r) => [r.who, r.what, r.at, r.price ?? '', r.tags.join('|'), r.bought].join(','));
        const path = temporaryFile('e.csv', `who,what,stamp,price,tags,bought\n${lines.join('\n')}\n`);
        const { digest } = await loadDataset({ format: 'csv', path, ...source });
        const parquet = await written(path, 'e.parquet', 'PARQUET');
        expect((await loadDataset({ format: 'csv', path: parquet, ...source })).digest).toBe(digest);
        // Its times are times, whatever is said of those that are text.
        const times = { timeUnit: 'iso' } as const;
        expect((await loadDataset({ format: 'csv', path: parquet, ...source, ...times })).digest).toBe(digest);
        const query = `select who, what, stamp, price, tags, bought from '${parquet}'`;
        expect((await loadDataset({ format: 'sql', query, ...source })).digest).toBe(digest);
        // JSON lines have times as text.
        const json = await written(path, 'e.jsonl', 'JSON');
        expect((await loadDataset({ format: 'csv', path: json, ...source, ...times })).digest).toBe(digest);
      }),
      { numRuns: 15 },
    );
  });

  it('reads JSON lines by what they say, and not by what the first of them look like', async () => {
    const said = [
      { who: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', what: '2020-01-01', stamp: '03-04-2020', price: 4 },
      { who: '007', what: '12345678901234567890123456', stamp: '05-06-2020', price: null },
      { who: '7', what: '9007199254740993', stamp: '05-07-2020', price: 4.5 },
      { who: '7', what: '9007199254740992', stamp: '05-08-2020', price: 1.5, tags: ['a|b', "'c'"] },
    ];
    const rows = [...Array.from({ length: 20_480 }, () => said[0]), ...said];
    const line = ({ what, ...row }: (typeof said)[number]) =>
      JSON.stringify({ ...row, what, extra: { of: 1 } }).replace(/"what":"(\d+)"/, '"what":$1');
    const text = rows.map(line).join('\n');
    const csv = rows.map((r) => [
      r.who,
      r.what,
      r.stamp,
      r.price ?? '',
      r.tags === undefined ? '' : `"[""a|b"", ""'c'""]"`,
    ]);
    const path = temporaryFile('e.csv', `who,what,stamp,price,tags\n${csv.join('\n')}\n`);
    const told = { columns, further: { price: further.price, tags: further.tags }, timeFormat: '%m-%d-%Y' } as const;
    const { digest } = await loadDataset({ format: 'csv', path, ...told });
    for (const file of [temporaryFile('e.jsonl', text), temporaryFile('e.jsonl.gz', gzipSync(text))]) {
      const read = await loadDataset({ format: 'csv', path: file, ...told });
      expect(read.digest).toBe(digest);
      const { tags } = Object.fromEntries(read.events.columns);
      expect(tags.kind === 'ids' && Array.from(tags.values, (tag) => tags.ids.external(tag))).toEqual(['a|b', "'c'"]);
    }
  });

  it.each([
    ['LF', ['\n', '\n', '\n', '\n']],
    ['CRLF', ['\r\n', '\r\n', '\r\n', '\r\n']],
    ['both', ['\r\n', '\n', '\r\n', '\n']],
  ])('names the line of JSON lines that is no object, or skips and counts it: %s', async (_, ends) => {
    const lines = [
      '{"who":"a","what":1,"stamp":1300000000}',
      '',
      '{"who":"a","what":',
      '{"what":2,"who":"b","stamp":1300000001}',
    ];
    const path = temporaryFile('e.jsonl', `${lines.map((line, at) => line + ends[at]).join('')}[1]\n`);
    await expect(loadDataset({ format: 'csv', path, columns })).rejects.toMatchObject({
      code: 'bad-json',
      line: 3,
      message: expect.stringContaining('expected a JSON object; got "{\\"who\\":\\"a\\",\\"what\\":"'),
    });
    const read = await loadDataset({ format: 'csv', path, columns }, { lenient: true });
    expect([read.numEvents, read.steps[0].counts.skipped]).toEqual([2, 2]);
  });

  it('refuses records of JSON lines where they are read, and takes a key of any name', async () => {
    const path = temporaryFile('e.jsonl', '{"WHO":0,"who":{"id":1},"a/b~\'\\"":2,"stamp":1300000000}\n');
    const item = 'a/b~\'"';
    await expect(loadDataset({ format: 'csv', path, columns: { ...columns, item } })).rejects.toMatchObject({
      code: 'nested-column',
      message: expect.stringContaining('got records in who'),
    });
    const read = await loadDataset({ format: 'csv', path, columns: { user: 'WHO', item, time: 'stamp' } });
    expect([read.users.external(0), read.items.external(1)]).toEqual(['0', '2']);
  });

  it('reads dates as ids where they are ids, and lists as they are', async () => {
    const query = `select DATE '2020-01-01' as who, 1 as what, 1300000000 as stamp, ['a|b', '''c'''] as tags,
      [1.5, 2.5]::FLOAT[2] as price`;
    const vector = { kind: 'number', width: 2 } as const;
    const bad = " union all select DATE '2020-01-02', 2, -1, NULL, NULL";
    // The second is read row by row.
    for (const q of [query, query + bad]) {
      const read = await loadDataset(
        { format: 'sql', query: q, columns, further: { tags: { kind: 'ids', separator: ',' }, price: vector } },
        { lenient: true },
      );
      const { tags, price } = Object.fromEntries(read.events.columns);
      expect(read.users.external(0)).toBe('2020-01-01');
      expect(tags.kind === 'ids' && Array.from(tags.values, (tag) => tags.ids.external(tag))).toEqual(['a|b', "'c'"]);
      expect(price.values).toEqual(new Float32Array([1.5, 2.5]));
    }
  });

  it('gives the rows of a query in the same order each time, as one thread does', async () => {
    const query = `select 'a' as who, k % 50000 as what, 1300000000 as stamp, min(k) as least
      from range(600000) r(k) group by what`;
    const orders = new Set<string>();
    for (let time = 0; time < 6; time++) {
      const least = { kind: 'number' } as const;
      const { itemIds, steps } = await loadDataset({ format: 'sql', query, columns, further: { least } });
      expect(steps[0].detail).toContain('by DuckDB (1 thread, ');
      orders.add(itemIds.join());
    }
    expect(orders.size).toBe(1);
  });

  it('joins what a query joins, and names a column that it does not give', async () => {
    const events = temporaryFile('e.csv', 'u,i,t\na,1,1300000000\nb,2,1300000001\n');
    const prices = temporaryFile('p.csv', 'i,price\n1,2.5\n2,4\n');
    const query = `select u as who, e.i as what, t as stamp, price from '${events}' e join '${prices}' p on e.i = p.i`;
    const read = await loadDataset({ format: 'sql', query, columns, further: { price: { kind: 'number' } } });
    const price = read.events.columns.get('price');
    expect(price?.kind === 'number' && [...price.values]).toEqual([2.5, 4]);
    await expect(
      loadDataset({ format: 'sql', query, columns, further: { prize: { kind: 'number' } } }),
    ).rejects.toMatchObject({ code: 'missing-column' });
  });

  it.each([
    ['select who from nowhere', /expected rows from DuckDB; got .*nowhere/],
    ['selekt 1', /expected rows from DuckDB; got .*syntax error/i],
    ["copy (select 1) to '/tmp/seqrec-never.csv'", /expected one SELECT; got another statement/],
    ['install httpfs', /expected one SELECT; got another statement/],
    ['load httpfs', /expected one SELECT; got another statement/],
    ['create table x as select 1', /expected one SELECT; got another statement/],
    ['select 1; select 2', /expected one SELECT; got 2 statements/],
    ["select * from 'https://localhost:1/x.parquet'", /expected rows from DuckDB; got/],
  ])('refuses %s', async (query, message) => {
    // Others have folders of DuckDB in the usual place.
    vi.stubEnv('TMPDIR', temporaryFolder());
    await expect(loadDataset({ format: 'sql', query, columns })).rejects.toMatchObject({
      code: 'bad-query',
      message: expect.stringMatching(message),
    });
    expect(readdirSync(tmpdir())).toEqual([]);
    vi.unstubAllEnvs();
    expect(readdirSync(tmpdir())).not.toContain('seqrec-never.csv');
  });

  it('names columns of records, and the row of a bad value', async () => {
    const nested = "select {'a': 1} as extra, 'a' as who, 1 as what, 1300000000 as stamp";
    await expect(loadDataset({ format: 'sql', query: nested, columns })).rejects.toMatchObject({
      code: 'nested-column',
      message: expect.stringContaining('got records in extra'),
    });
    const query = "select * from (values ('a', 1, '1300000000'), ('b', 2, 'soon')) v(who, what, stamp)";
    await expect(loadDataset({ format: 'sql', query, columns })).rejects.toMatchObject({ code: 'bad-time', line: 2 });
    expect((await loadDataset({ format: 'sql', query, columns }, { lenient: true })).numEvents).toBe(1);
  });

  it.each(['-- all of them', '; ', ';\n'])('reads a query that ends in %j', async (end) => {
    const query = `select 'a' as who, 1 as what, 1300000000 as stamp ${end}`;
    expect((await loadDataset({ format: 'sql', query, columns })).numEvents).toBe(1);
  });
});
