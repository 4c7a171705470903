import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFile, temporaryFolder } from '../../test/fixtures.ts';
import { csvReaders, describeColumns, interactionsFromArrays, kCore, loadDataset, valueText } from '../index.ts';
import { missingMarkers } from '../sources/missing.ts';
import type { Column } from './column.ts';
import { takeColumn } from './take.ts';

const header = 'who,what,at,stars,price,city,tags,vector,seen,label';
const columns = { user: 'who', item: 'what', time: 'at', rating: 'stars' } as const;
const further = {
  price: { kind: 'number' },
  city: { kind: 'id' },
  tags: { kind: 'ids' },
  vector: { kind: 'number', width: 2 },
  seen: { kind: 'ids', separator: ' ', vocabulary: 'what' },
  label: { kind: 'number' },
} as const;

interface Row {
  readonly user: string;
  readonly item: string;
  readonly time: number;
  readonly price: number | undefined;
  readonly city: string;
  readonly tags: readonly string[];
  readonly vector: readonly [number, number] | undefined;
}

/** No marker of a missing value, `nan`. */
const word = fc.stringMatching(/^[a-z]{1,3}$/).filter((text) => !missingMarkers.includes(text));
const row: fc.Arbitrary<Row> = fc.record({
  user: word,
  item: fc.integer({ min: 0, max: 12 }).map(String),
  time: fc.integer({ min: 0, max: 50 }),
  price: fc.option(
    fc.integer({ min: -40, max: 40 }).map((n) => n / 4),
    { nil: undefined },
  ),
  city: fc.oneof(fc.constant(''), word),
  tags: fc.array(word, { maxLength: 3 }),
  vector: fc.option(fc.tuple(fc.integer({ max: 9, min: 0 }), fc.integer({ max: 9, min: 0 })), { nil: undefined }),
});

function line({ user, item, time, price, city, tags, vector }: Row): string {
  return [user, item, time, 3, price ?? '', city, tags.join('|'), vector?.join(' ') ?? '', '', 1].join(',');
}

function texts(column: Column | undefined, rows: number): string[] {
  return Array.from({ length: rows }, (_, r) => (column === undefined ? '' : valueText(column, r)));
}

describe('columns of a file', () => {
  it('are those of a plain loop over the rows, whatever the order of users, items and words', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const path = temporaryFile('e.csv', `${[header, ...rows.map(line)].join('\n')}\n`);
        const i = await loadDataset({ format: 'csv', path, columns, further, labels: ['label'] });
        const users = [...new Set(rows.map(({ user }) => user))].sort();
        const sorted = users.flatMap((user) =>
          rows
            .filter((r) => r.user === user)
            .map((r, at) => ({ r, at }))
            .sort((a, b) => a.r.time - b.r.time || a.at - b.at)
            .map(({ r }) => r),
        );
        const { columns: got, rows: count } = i.events;
        expect(count).toBe(rows.length);
        expect(texts(got.get('what'), count)).toEqual(sorted.map(({ item }) => item));
        expect(texts(got.get('city'), count)).toEqual(sorted.map(({ city }) => city));
        expect(texts(got.get('tags'), count)).toEqual(sorted.map(({ tags }) => tags.join('|')));
        expect(texts(got.get('price'), count)).toEqual(sorted.map(({ price }) => String(price ?? 'NaN')));
        expect(texts(got.get('vector'), count)).toEqual(sorted.map(({ vector }) => vector?.join(' ') ?? 'NaN NaN'));
      }),
      { numRuns: 60 },
    );
  });

  it('of data without times show the places of events as numbers', () => {
    const i = interactionsFromArrays({ name: 'order', users: [1, 1, 1, 2], items: [1, 2, 3, 1] });
    const [places, ...more] = describeColumns(i).filter(({ name }) => name === 'position');
    expect(more).toEqual([]);
    expect(places).toMatchObject({ kind: 'number', roles: [], range: [0, 2], examples: ['0', '1', '2'] });
    const times = interactionsFromArrays({ name: 'times', users: [1, 1], items: [1, 2], timestamps: [0, 60] });
    expect(describeColumns(times).find(({ kind }) => kind === 'time')?.examples).toEqual([
      '1970-01-01T00:00:00Z',
      '1970-01-01T00:01:00Z',
    ]);
  });

  it('come back from the cache, those of events when they are asked for', async () => {
    const cacheDir = temporaryFolder();
    const path = temporaryFile(
      'e.csv',
      `${header}\nu,5,1,3,2.5,,a|b,1 2,5 7,1\nu,7,2,4,,Bonn,,,,0\nv,9,1,3,1,Ulm,b,3 4,9,1\n`,
    );
    const users = {
      path: temporaryFile('u.csv', 'id,age\nv,31\n'),
      id: 'id',
      columns: { age: { kind: 'number' } },
    } as const;
    const load = () =>
      loadDataset({ format: 'csv', path, columns, further, users, labels: ['label'], request: 'city' }, { cacheDir });
    const read = await load();
    const cached = await load();
    expect(cached).not.toBe(read);
    expect(describeColumns(cached)).toEqual(describeColumns(read));
    expect(cached.digest).toBe(read.digest);
    expect(cached.roles).toEqual({
      user: 'who',
      item: 'what',
      time: 'at',
      action: 'stars',
      request: 'city',
      labels: ['label'],
    });
    expect([...(cached.ratings ?? [])]).toEqual([3, 4, 3]);
  });

  it('of ratings are what the ratings are, also where another one is the action', async () => {
    const path = temporaryFile('e.csv', `${header}\nu,5,1,3,2.5,,a,1 2,5 7,1\nu,7,2,4,,Bonn,,,,0\n`);
    for (const action of ['label', 'city']) {
      const source = { format: 'csv', path, columns, further, action } as const;
      const i = await loadDataset(source);
      expect(i.roles).toMatchObject({ action, rating: 'stars' });
      expect([...(i.ratings ?? [])]).toEqual([3, 4]);
      expect(describeColumns(i).find(({ name }) => name === 'stars')?.roles).toEqual(['rating']);
      const cacheDir = temporaryFolder();
      await loadDataset(source, { cacheDir });
      expect([...((await loadDataset(source, { cacheDir })).ratings ?? [])]).toEqual([3, 4]);
    }
    const same = await loadDataset({ format: 'csv', path, columns, further, action: 'stars' });
    expect(same.roles).not.toHaveProperty('rating');
  });

  it('share a vocabulary by its name', async () => {
    const path = temporaryFile('e.csv', `${header}\nu,5,1,3,2.5,,a,1 2,5 7,1\nu,7,2,4,,Bonn,,,,0\n`);
    const i = await loadDataset({
      format: 'csv',
      path,
      columns,
      further: { tags: { kind: 'ids', vocabulary: 'words' }, city: { kind: 'id', vocabulary: 'words' } },
    });
    const [tags, city] = ['tags', 'city'].map((name) => i.events.columns.get(name));
    expect(tags?.kind === 'ids' && city?.kind === 'id' && tags.ids === city.ids).toBe(true);
    expect(texts(city, 2)).toEqual(['', 'Bonn']);
  });

  it('share the ids of the items, and what was only shown can be recommended', async () => {
    const path = temporaryFile('e.csv', `${header}\nu,5,1,3,2.5,,a,1 2,5 7,1\nu,9,2,4,,Bonn,,,5 11,0\n`);
    const i = await loadDataset({ format: 'csv', path, columns, further });
    const seen = i.events.columns.get('seen');
    expect(seen?.kind === 'ids' && seen.ids).toBe(i.items);
    expect(i.items.toJSON().external).toEqual(['5', '7', '9', '11']);
    expect(texts(seen, 2)).toEqual(['5|7', '5|11']);
    // Item 5 leaves the data, and leaves the lists.
    const core = kCore({ ...i, itemIds: i.itemIds }, { users: 1, items: 1 });
    expect(texts(core.events.columns.get('seen'), 2)).toEqual(['5', '5']);
    expect(core.items.toJSON().external).toEqual(['5', '9']);
  });
});

describe('a column named position', () => {
  const position = { kind: 'time' } as const;
  it.each([
    ['a further one', { user: 'u', item: 'i' }, { position }],
    ['the items', { user: 'u', item: 'position' }, {}],
    ['the ratings', { user: 'u', item: 'i', rating: 'position' }, {}],
  ])('is no column beside the places of events without times: %s', async (_, roles, others) => {
    const path = temporaryFile('e.csv', 'u,i,position,at\na,1,30,5\na,2,20,4\n');
    await expect(loadDataset({ format: 'csv', path, columns: roles, further: others })).rejects.toMatchObject({
      name: 'OptionError',
      message: expect.stringContaining('expected no column "position" of events without times'),
      key: 'columns',
    });
  });

  it('is one under another name, and where there are times', async () => {
    const path = temporaryFile('e.csv', 'u,i,position,at\na,1,30,5\na,2,20,4\n');
    const source = { format: 'csv', path } as const;
    const renamed = await loadDataset({
      ...source,
      columns: { user: 'u', item: 'i' },
      further: { place: { kind: 'time', column: 'position' } },
    });
    expect([...renamed.timestamps]).toEqual([0, 1]);
    expect(texts(renamed.events.columns.get('place'), 2)).toHaveLength(2);
    const timed = await loadDataset({
      ...source,
      columns: { user: 'u', item: 'i', time: 'at' },
      further: { position: { kind: 'number' } },
    });
    expect([...timed.timestamps]).toEqual([4, 5]);
    expect(texts(timed.events.columns.get('position'), 2)).toEqual(['20', '30']);
  });
});

describe('files of users and items', () => {
  const events = 'user,item,t\na,1,1\na,2,2\nb,2,1\nc,3,5\n';
  const load = (items: string, corpus: 'listed' | 'occurring' | 'both', lenient = false) =>
    loadDataset(
      {
        format: 'csv',
        path: temporaryFile('e.csv', events),
        columns: { user: 'user', item: 'item', time: 't' },
        items: {
          path: temporaryFile('i.csv', items),
          id: 'sku',
          columns: { name: { kind: 'text' }, price: { kind: 'number' } },
          title: 'name',
          corpus,
        },
      },
      { lenient },
    );

  it('are joined by id, and what has no row is counted', async () => {
    const i = await load('sku,name,price\n9,nine,9\n2,two,0.5\n1,one,\n', 'both');
    expect(i.items.toJSON().external).toEqual(['1', '2', '3', '9']);
    expect(texts(i.itemTable.columns.get('price'), 4)).toEqual(['NaN', '0.5', 'NaN', '9']);
    expect(i.catalogue?.title(4)).toBe('nine');
    expect(i.catalogue?.title(3)).toBeUndefined();
    expect(i.steps.find(({ name }) => name === 'join')?.counts).toEqual({ rows: 3, without: 1, unused: 0 });
    const occurring = await load('sku,name,price\n9,nine,9\n2,two,0.5\n', 'occurring');
    expect(occurring.items.toJSON().external).toEqual(['1', '2', '3']);
    expect(occurring.steps.find(({ name }) => name === 'join')?.counts).toEqual({ rows: 2, without: 2, unused: 1 });
  });

  it('name the row of an id that stands twice, of a bad value, and of an event without an item', async () => {
    await expect(load('sku,name,price\n1,a,1\n1,b,2\n', 'both')).rejects.toMatchObject({
      code: 'repeated-id',
      line: 3,
    });
    await expect(load('sku,name,price\n1,a,cheap\n', 'both')).rejects.toMatchObject({ code: 'bad-number', line: 2 });
    await expect(load('sku,name,price\n1,a,1\n', 'listed')).rejects.toMatchObject({ code: 'unknown-item', line: 3 });
    const kept = await load('sku,name,price\n1,a,1\n1,b,2\n2,c,dear\n3,d,3\n', 'both', true);
    expect(texts(kept.itemTable.columns.get('price'), 3)).toEqual(['1', 'NaN', '3']);
    await expect(load('sku,label,price\n1,a,1\n', 'both')).rejects.toMatchObject({
      code: 'missing-column',
      message: expect.stringContaining('--data.items.columns.name'),
    });
  });

  it('have the markers of missing values of the events, and ids without the blanks around them', async () => {
    const i = await load('sku,name,price\n 9 ,nine,NA\n2,two,NULL\n', 'both');
    expect(i.items.toJSON().external).toEqual(['1', '2', '3', '9']);
    expect(texts(i.itemTable.columns.get('price'), 4)).toEqual(['NaN', 'NaN', 'NaN', 'NaN']);
    await expect(load('sku,name,price\n2,two,1\nNA,none,1\n', 'both')).rejects.toMatchObject({
      code: 'missing-id',
      line: 3,
    });
  });

  it.each(csvReaders)(
    'list what can be recommended, also in columns that share the ids of items, by %s',
    async (reader) => {
      const i = await loadDataset({
        format: 'csv',
        path: temporaryFile('e.csv', 'user,item,shown,from\na,1,3|1,2\na,2,4|5,4\n'),
        columns: { user: 'user', item: 'item' },
        further: { shown: { kind: 'ids', vocabulary: 'item' }, from: { kind: 'id', vocabulary: 'item' } },
        items: {
          path: temporaryFile('i.csv', 'sku,like\n2,1|x\n1,9\n3,\n'),
          id: 'sku',
          columns: { like: { kind: 'ids', vocabulary: 'item' } },
          corpus: 'listed',
        },
        reader,
      });
      expect(i.items.toJSON().external).toEqual(['1', '2', '3']);
      const columns = [i.events.columns.get('shown'), i.events.columns.get('from'), i.itemTable.columns.get('like')];
      for (const column of columns)
        expect(column?.kind !== 'number' && column && 'ids' in column && column.ids).toBe(i.items);
      expect(columns.map((column, k) => texts(column, k < 2 ? 2 : 3))).toEqual([
        ['3|1', ''],
        ['2', ''],
        ['', '1', ''],
      ]);
      expect(i.steps[0].notes?.at(-1)).toMatch(
        /^4 ids in columns of items are not in .*i\.csv, and are taken for none\.$/,
      );
      expect(i.steps[0].counts).toMatchObject({ items: 3 });
    },
  );

  it('follow filters', async () => {
    const i = await load('sku,name,price\n9,nine,9\n2,two,0.5\n1,one,3\n', 'both');
    const core = kCore(i, { users: 1, items: 2 });
    expect(core.items.toJSON().external).toEqual(['2']);
    expect(texts(core.itemTable.columns.get('price'), 1)).toEqual(['0.5']);
    expect(core.userTable.rows).toBe(2);
  });
});

it('a negative row has no value, of any kind of column', async () => {
  const path = temporaryFile('e.csv', `${header}\nu,5,1,3,2.5,,a|b,1 2,5 7,1\nu,7,2,4,,Bonn,,,,0\n`);
  const i = await loadDataset({ format: 'csv', path, columns, further });
  for (const column of i.events.columns.values()) {
    const taken = takeColumn(column, [1, -1, 0]);
    const blank = {
      id: '',
      ids: '',
      number: column.kind === 'number' && column.width === 2 ? 'NaN NaN' : 'NaN',
      time: '',
      text: '',
    };
    const value = (row: number) => (taken.kind === 'time' && row === 1 ? '' : valueText(taken, row));
    expect([0, 1, 2].map(value)).toEqual([valueText(column, 1), blank[column.kind], valueText(column, 0)]);
  }
});

it('a category in memory that cannot be an id is an error, and the item is not lost', () => {
  const catalogue = [{ item: 1, categories: ['a\nb'] }];
  expect(() => interactionsFromArrays({ name: 'm', users: [1], items: [1], catalogue })).toThrow(
    'item 1: expected ids without control characters in categories',
  );
});

it('data in memory have the columns that they were given', () => {
  const i = interactionsFromArrays({
    name: 'm',
    users: ['a', 'a'],
    items: [2, 1],
    timestamps: [1, 2],
    ratings: [3, 4],
    catalogue: [{ item: 1, title: 'one', categories: ['x', 'y'] }, { item: 2 }],
  });
  expect([...i.events.columns.keys()]).toEqual(['item', 'time', 'rating']);
  expect(i.catalogue?.categories(1)).toEqual(['x', 'y']);
  expect(join(...(i.catalogue?.categories(2) ?? ['none']))).toBe('.');
});
