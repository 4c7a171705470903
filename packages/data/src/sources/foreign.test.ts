import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CsvSource, type Interactions, loadDataset } from '../index.ts';

// One table as pandas, pyarrow, DuckDB, R and spreadsheets write it; SEQREC_DATA names the folder above.
const folder = process.env.SEQREC_DATA === undefined ? undefined : join(process.env.SEQREC_DATA, 'foreign');
const there = folder !== undefined && existsSync(folder);

const columns = { user: 'user', item: 'item', time: 'timestamp', rating: 'rating' } as const;
const { rating: _, ...unrated } = columns;
const places = { user: 0, item: 1, time: 2, rating: 3 } as const;
const named = { user: 'User', item: 'Item', time: 'Timestamp', rating: 'Rating' } as const;

type Options = Partial<Omit<CsvSource, 'format' | 'path'>>;

/** Files that give the events of `base.csv`, with what has to be said of them. */
const same: Readonly<Record<string, Options>> = {
  'index.csv': {},
  'crlf.csv': {},
  'bom_semicolon.csv': {},
  'quote_all.csv': {},
  'base.csv.gz': {},
  'fracsec.csv': {},
  'bigint.csv': {},
  'leading_zero.csv': {},
  'neg.csv': {},
  'tab.tsv': {},
  'tab_quoteall.tsv': {},
  'r_write_table_tab_norn.tsv': {},
  'r_write_table_tab.tsv': {},
  'r_write_table.txt': {},
  'r_write_csv.csv': {},
  'r_write_csv2.csv': {},
  'utf16.csv': {},
  'u16.txt': { columns: unrated },
  'u16be.txt': { columns: unrated },
  'u16crlf.txt': { columns: unrated },
  'u16crlf_last.txt': { columns: unrated },
  'sepline.csv': {},
  'mac_cr.csv': {},
  'latin1.csv': { encoding: 'latin1' },
  'noheader.csv': { columns: places, header: false },
  'case.csv': { columns: named },
  'iso.csv': { timeUnit: 'iso' },
  'iso_z.csv': { timeUnit: 'iso', columns: unrated },
  'iso_tz.csv': { timeUnit: 'iso' },
  'iso_kolkata.csv': { timeUnit: 'iso' },
  'iso_pg.csv': { timeUnit: 'iso' },
  'iso_T_us.csv': { timeUnit: 'iso' },
  'arrow_ns.csv': { timeUnit: 'iso' },
  'arrow_tz.csv': { timeUnit: 'iso' },
  'duckdb_ts.csv': { timeUnit: 'iso', columns: unrated },
  'duckdb_tz.csv': { timeUnit: 'iso', columns: unrated },
  'ms.csv': { timeUnit: 'ms' },
  'us.csv': { timeUnit: 'us' },
  'ns.csv': { timeUnit: 'ns' },
  'excel_de_date.csv': { timeFormat: '%d.%m.%Y %H:%M' },
  'excel_us_date.csv': { timeFormat: '%m/%d/%Y %H:%M' },
  'float_ids.csv': {},
  'base.parquet': {},
  'base.jsonl': {},
};

/** Files that are refused: the code, and words of the message. */
const refused: Readonly<Record<string, readonly [string, RegExp, Options?]>> = {
  'case.csv': ['missing-column', /did you mean "User"/],
  'iso.csv': ['bad-time', /\.csv:2: .*timeUnit: 'iso'/],
  'ms.csv': ['time-out-of-range', /\.csv:2: .*timeUnit: 'ms'/],
  'us.csv': ['time-out-of-range', /timeUnit: 'us'/],
  'ns.csv': ['time-out-of-range', /timeUnit: 'ns'/],
  'yyyymmdd.csv': ['early-times', /in 1970.*timeFormat: '%Y%m%d'/],
  'excel_serial.csv': ['early-times', /in 1970/],
  'base.csv': ['early-times', /in 1970/, { timeUnit: 'ms' }],
  'excel_de_date.csv': ['bad-time', /timeFormat: '%d\.%m\.%Y %H:%M'/],
  'excel_us_date.csv': ['bad-time', /timeFormat: '%m\/%d\/%Y %H:%M'/],
  'nan_user.csv': ['missing-id', /csv:\d+: expected a user id; got an empty field/],
  'nan_user_narep.csv': ['missing-id', /csv:\d+: expected a user id; got "(NA|NaN|nan)".*--data\.missing/],
  'r_na_user.csv': ['missing-id', /expected a user id; got "NA"/],
  'mysql_null.csv': ['missing-id', /got "\\\\N"/],
  'nan_time.csv': ['bad-time', /csv:\d+/],
  'r_na_time.csv': ['bad-time', /csv:\d+: .*got "NA"/],
  'nan_rating.csv': ['bad-rating', /csv:\d+/],
  'latin1.csv': ['bad-encoding', /--data\.encoding latin1/],
  'thousands.csv': ['bad-time', /commas in numbers/],
  'decimal_comma.csv': ['bad-rating', /commas in numbers/],
  'trailing_delim.csv': ['wrong-field-count', /a delimiter at the end/],
  'dup_header.csv': ['repeated-column', /one column "item"/, { columns: unrated }],
  'empty.csv': ['empty-file', /empty file/],
  'header_only.csv': ['no-rows', /got none/, { columns: unrated }],
  'base.feather': ['unsupported-extension', /Arrow file; save it as Parquet or CSV/],
  'base.xlsx': ['unsupported-extension', /spreadsheet; save it as CSV/],
  'base.csv.bz2': ['unsupported-extension', /bzip2; unpack it/],
};

const read = (file: string, options: Options = {}, lenient = false) =>
  loadDataset({ format: 'csv', path: join(folder ?? '', file), columns, ...options }, { lenient });

/** User, item and minute of every event; some files write the ids with letters, zeros, a sign, or from 2^53 on. */
function events(i: Interactions): string[] {
  const id = (text: string) => String(BigInt(text.replace(/\D/g, '')) % 2n ** 53n);
  const rows = Array.from(i.itemIds, (item, e) => {
    const user = i.userOffsets.findLastIndex((start) => start <= e);
    return [id(i.users.external(user)), id(i.items.external(item)), Math.floor(i.timestamps[e] / 60)].join(' ');
  });
  return rows.sort();
}

describe.skipIf(!there)('files from elsewhere', () => {
  it.each(Object.entries(same))('%s: the events of base.csv', async (file, options) => {
    expect(events(await read(file, options))).toEqual(events(await read('base.csv')));
  });

  it.each(Object.entries(same))('%s: the same by DuckDB', async (file, options) => {
    const { digest } = await read(file, { ...options, reader: 'duckdb' });
    const other = /parquet|jsonl/.test(file) ? 'auto' : 'csv-parse';
    expect(digest).toBe((await read(file, { ...options, reader: other })).digest);
  });

  it.each(Object.entries(refused))('%s: the same error by DuckDB', async (file, [code, message, options]) => {
    await expect(read(file, { ...options, reader: 'duckdb' })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it.each(Object.entries(refused))('%s: an error that says what to do', async (file, [code, message, options]) => {
    await expect(read(file, options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each(['nan_user.csv', 'nan_user_narep.csv', 'r_na_user.csv', 'mysql_null.csv', 'nan_time.csv', 'nan_rating.csv'])(
    '%s: lenient reading counts the rows without a value, and takes the others',
    async (file) => {
      const i = await read(file, {}, true);
      const { events: taken, skipped } = i.steps[0].counts;
      expect(skipped).toBeGreaterThan(0);
      // Of a bad row of two lines the second is read again, as a row, and is a bad one too.
      expect(taken + skipped).toBeGreaterThanOrEqual(400);
      expect(taken + skipped).toBeLessThan(403);
      expect(i.numUsers).toBeLessThanOrEqual(40);
    },
  );

  it('a marker that is an id is one when it is said', async () => {
    expect((await read('r_na_user.csv', { missing: [] })).numUsers).toBe(41);
  });

  it('ids that a program wrote as floats are integers, and it is told; a mixture is told with examples', async () => {
    const floats = await read('float_ids.csv');
    expect(floats.users.external(0)).not.toContain('.');
    expect(floats.steps[0].notes?.[0]).toMatch(/All user ids are integers written as \d+\.0/);
    for (const file of ['mixed_float.csv', 'mixed_zero.csv']) {
      const options = file === 'mixed_float.csv' ? { columns: unrated } : {};
      expect((await read(file, options)).steps[0].notes?.[0], file).toMatch(
        /\d+ pairs of user ids differ by leading zeros or "\.0" alone.*: ".*" and ".*", ".*" and ".*", /,
      );
    }
    expect((await read('padded_ids.csv')).numUsers).toBe(40);
  });

  it('without times or with only zeros there is a data set; sizes agree', async () => {
    const { time: __, ...timeless } = columns;
    expect((await read('notime.csv', { columns: timeless })).numEvents).toBe(400);
    expect((await read('zero_time.csv')).numEvents).toBe(400);
    expect((await read('sci.csv')).numUsers).toBe(40);
    expect((await read('bool_user.csv')).numUsers).toBe(2);
  });
});
