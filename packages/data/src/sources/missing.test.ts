import { describe, expect, it } from 'vitest';
import { temporaryFile } from '../../test/fixtures.ts';
import {
  type CsvSource,
  type DataError,
  describeColumns,
  type Interactions,
  loadDataset,
  valueText,
} from '../index.ts';
import { isMissing } from '../table/column.ts';
import { missingRule } from './missing.ts';

const duckdb = await import('@duckdb/node-api').catch(() => undefined);

type Options = Partial<Omit<CsvSource, 'format'>>;
const columns = { user: 'user', item: 'item', time: 't' } as const;
const further = {
  price: { kind: 'number' },
  kind: { kind: 'id' },
  seen: { kind: 'time' },
  words: { kind: 'text' },
} as const;
const names = Object.keys(further);

/** The further columns of every event, `-` for a missing value; or the code and message of what is wrong. */
async function outcome(path: string, options: Options): Promise<unknown> {
  const read = loadDataset({ format: 'csv', path, columns, further, ...options });
  return read.then(
    (i) => ({ rows: rowsOf(i), digest: i.digest, titles: titlesOf(i) }),
    ({ code, message }: DataError) => ({ code, message }),
  );
}
function rowsOf(i: Interactions): string[] {
  return Array.from({ length: i.numEvents }, (_, e) =>
    names
      .map((name) => i.events.columns.get(name))
      .map((column) => (column === undefined || isMissing(column, e) ? '-' : valueText(column, e)))
      .join(' '),
  );
}
function titlesOf(i: Interactions): string[] {
  return Array.from({ length: i.numItems }, (_, item) => i.catalogue?.title(item + 1) ?? '-');
}
/** By both readers, where there are both, which have to agree. */
async function both(path: string, options: Options): Promise<unknown> {
  const rows = await outcome(path, { ...options, reader: 'csv-parse' });
  if (duckdb !== undefined) expect(await outcome(path, { ...options, reader: 'duckdb' })).toEqual(rows);
  return rows;
}

const header = 'user,item,t,price,kind,seen,words';
const csv = (...rows: string[]): string => temporaryFile('e.csv', `${[header, ...rows].join('\n')}\n`);
const markers = ['-1', '0', '99', '999', 'false'];

describe('markers that read as values', () => {
  const path = csv(
    '7,1,1300000000,-1,0,0,999',
    '7,2,1300000001,5,7,1300000000,none',
    '8,2,1300000001,999.0,99,0.0,99 bottles',
    '8,3,1300000009,9.99e2,099, 0 ,-1 ',
    '8,4,1300000010,false,99.0,1300000001,0',
    '8,5,1300000011,true,07,,',
  );

  it('are missing values of any kind, by both readers', async () => {
    expect(await both(path, { missing: markers })).toMatchObject({
      rows: [
        '- - - -',
        '5 7 2011-03-13T07:06:40Z none',
        '- - - 99 bottles',
        '- 099 - -',
        '- 99.0 2011-03-13T07:06:41Z -',
        '1 07 - -',
      ],
    });
    expect(await both(path, {})).toMatchObject({ rows: expect.arrayContaining(['-1 0 1970-01-01T00:00:00Z 999']) });
  });

  it.skipIf(duckdb === undefined)('are so in columns of numbers of DuckDB', async () => {
    const select = (types: string) =>
      `select user, item, t, ${types} from (values (1, 5, 1300000000, 999, -1, 0, 'a'), (1, 6, 1300000001, 3, 4, 1300000000, 'b')) rows(user, item, t, price, kind, seen, words)`;
    for (const type of ['INTEGER', 'BIGINT', 'FLOAT', 'DOUBLE']) {
      const query = select(`price::${type} as price, kind, seen::${type} as seen, words`);
      const i = await loadDataset({ format: 'sql', query, columns, further, missing: markers });
      expect(rowsOf(i)).toEqual(['- - - a', expect.stringMatching(/^3 4 2011-03-13T07:0\d:\d\dZ b$/)]);
    }
  });

  it('are no ids, times and ratings of events', async () => {
    const visitors = csv('0,1,1300000000,1,1,1,x', '7,2,1300000001,1,1,1,x');
    expect(await both(visitors, { missing: ['0'] })).toMatchObject({
      code: 'missing-id',
      message: expect.stringContaining('expected a user id; got "0"'),
    });
    expect(await both(visitors, { missing: ['0'], withoutUser: 'skip' })).toMatchObject({
      rows: ['1 1 1970-01-01T00:00:01Z x'],
    });
    expect(await both(visitors, { missing: ['2'] })).toMatchObject({
      code: 'missing-id',
      message: expect.stringContaining('expected an item id; got "2"'),
    });
    expect(await both(visitors, { missing: ['1300000001'] })).toMatchObject({
      code: 'bad-time',
      message: expect.stringContaining('expected a time; got "1300000001", which is said to stand for none'),
    });
    const rated = { columns: { ...columns, rating: 'price' }, further: {} };
    expect(await both(csv('1,1,1300000000,-1.0,,,'), { ...rated, missing: ['-1'] })).toMatchObject({
      code: 'bad-rating',
      message: expect.stringContaining('expected a rating; got "-1.0", which is said to stand for none'),
    });
  });

  it('are ids where they are no markers, whatever they look like', async () => {
    const path = csv('00,1,1300000000,1,1,1,x', '0.0,1,1300000000,1,1,1,x');
    expect(await both(path, { missing: ['0'] })).toMatchObject({ rows: expect.objectContaining({ length: 2 }) });
  });
});

describe('words', () => {
  it('are missing where a marker stands, in columns and as titles', async () => {
    const path = csv(
      '1,5,1300000000,,,,NA',
      '1,5,1300000001,,,,  ',
      '1,5,1300000002,,,, A title ',
      '1,6,1300000003,,,,?',
    );
    const titled = { columns: { ...columns, title: 'words' }, further: {} };
    expect(await both(path, titled)).toMatchObject({ titles: [' A title ', '?'] });
    expect(await both(path, { ...titled, missing: ['?'] })).toMatchObject({ titles: ['NA', '-'] });
    const i = await loadDataset({ format: 'csv', path, columns, further });
    expect(describeColumns(i).find(({ name }) => name === 'words')).toMatchObject({ missing: 0.5 });
  });

  it('are so in a file of items', async () => {
    const items = temporaryFile('items.csv', 'id,name,price\n5,nan,-1\n6, x ,2\n');
    const source = {
      file: undefined,
      path: items,
      id: 'id',
      columns: { name: { kind: 'text' }, price: { kind: 'number' } },
    };
    const i = await loadDataset({
      ...{ format: 'csv', path: csv('1,5,1300000000,,,,', '1,6,1300000001,,,,'), columns, missing: ['nan', '-1'] },
      items: { ...source, title: 'name' } as NonNullable<CsvSource['items']>,
    });
    const [name, price] = ['name', 'price'].map((column) => i.itemTable.columns.get(column));
    if (name === undefined || price === undefined) throw new Error('no columns');
    expect([isMissing(name, 0), valueText(name, 1), isMissing(price, 0), valueText(price, 1)]).toEqual([
      true,
      'x',
      true,
      '2',
    ]);
  });
});

it('the usual markers are no values, so that what reads as one needs no look at the rule', () => {
  expect(missingRule().amongValues).toBe(false);
  expect(missingRule(['999']).amongValues).toBe(true);
  expect(missingRule([' -1 ']).text('-1')).toBe(true);
});
