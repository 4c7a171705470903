import { describe, expect, it } from 'vitest';
import { temporaryFile } from '../../test/fixtures.ts';
import { type CsvReader, csvReaders, loadDataset } from '../index.ts';

const columns = { user: 'u', item: 'i', time: 't' } as const;
const events = (ids: readonly string[]) =>
  `u,i,t\n${ids.map((id, at) => `a,${id},${1_300_000_000 + at}\nb,${id},${1_300_000_100 + at}`).join('\n')}\n`;

async function read(ids: readonly string[], keys: readonly string[], corpus: 'listed' | 'both', reader: CsvReader) {
  const items = temporaryFile('items.csv', `sku,price\n${keys.map((key, at) => `${key},${at + 1}`).join('\n')}\n`);
  const path = temporaryFile('e.csv', events(ids));
  const side = { path: items, id: 'sku', columns: { price: { kind: 'number' } }, corpus } as const;
  const found = await loadDataset({ format: 'csv', path, columns, items: side, reader });
  const price = found.itemTable.columns.get('price');
  const ids2 = Array.from({ length: found.numItems }, (_, at) => found.items.external(at + 1));
  return { ids: ids2, prices: price?.kind === 'number' ? [...price.values] : [], notes: found.steps[0].notes };
}

for (const reader of csvReaders) {
  it.each([
    ['floats beside integers', ['35.0', '7.0'], ['7', '35', '9'], /written as 35\.0 .*items\.csv/],
    ['integers beside floats', ['35', '7'], ['7.0', '35.0', '9.0'], undefined],
    ['floats beside floats', ['35.0', '7.0'], ['7.0', '35.0', '9.0'], /written as 35\.0/],
  ] as const)(`joins %s by ${reader}`, async (_, ids, keys, note) => {
    for (const corpus of ['listed', 'both'] as const) {
      const found = await read(ids, keys, corpus, reader);
      expect(found.ids).toEqual(['7', '9', '35']);
      expect(found.prices).toEqual([1, 3, 2]);
      if (note === undefined) expect(found.notes).toBeUndefined();
      else expect(found.notes?.join()).toMatch(note);
    }
  });
}

it('an id that both files write alike stays as it is', async () => {
  const found = await read(['35.0', '7'], ['7', '35', '35.0'], 'both', 'csv-parse');
  expect(found.ids).toEqual(['35', '35.0', '7']);
});

for (const reader of csvReaders) {
  describe(`users and titles by ${reader}`, () => {
    const ages = async (ids: readonly string[], keys: readonly string[]) => {
      const users = temporaryFile('users.csv', `id,age\n${keys.map((key, at) => `${key},${at + 1}`).join('\n')}\n`);
      const path = temporaryFile(
        'e.csv',
        `u,i,t\n${ids.map((id, at) => `${id},1,${1_300_000_000 + at}`).join('\n')}\n`,
      );
      const side = { path: users, id: 'id', columns: { age: { kind: 'number' } } } as const;
      const found = await loadDataset({ format: 'csv', path, columns, users: side, reader });
      const age = found.userTable.columns.get('age');
      return {
        ids: Array.from({ length: found.numUsers }, (_, at) => found.users.external(at)),
        ages: age?.kind === 'number' ? [...age.values] : [],
        notes: found.steps[0].notes?.join() ?? '',
      };
    };

    it.each([
      ['floats beside integers', ['35.0', '7.0'], ['7', '35', '9'], ['7', '35'], [1, 2]],
      ['integers beside floats', ['35', '7'], ['7.0', '35.0', '9.0'], ['7', '35'], [1, 2]],
      ['floats among others', ['35.0', 'a'], ['a', '35'], ['35', 'a'], [2, 1]],
      ['floats of which some have no row', ['35.0', '7.0'], ['35'], ['7', '35'], [Number.NaN, 1]],
      ['floats that are so in both files', ['35.0', '7.0'], ['35.0', 'a'], ['35.0', '7.0'], [1, Number.NaN]],
    ])('users are joined, %s', async (_, ids, keys, expected, values) => {
      const found = await ages(ids, keys);
      expect(found.ids).toEqual(expected);
      expect(found.ages).toEqual(values);
      expect(found.notes.includes('User ids written as 35.0 are read as the integers of')).toBe(
        ids[0] === '35.0' && keys.includes('35'),
      );
    });

    it.each([
      ['all are floats', ['35.0', '7.0'], ['b', 'a']],
      ['the titled ones are', ['35.0', 'x'], ['a', undefined]],
    ])('titles in the rows of events stay with their items where %s', async (_, ids, titles) => {
      const rows = ids.map((id, at) => `a,${id},${1_300_000_000 + at},${id === 'x' ? '' : 'ab'[at]}`);
      const path = temporaryFile('e.csv', `u,i,t,name\n${rows.join('\n')}\n`);
      const found = await loadDataset({ format: 'csv', path, columns: { ...columns, title: 'name' }, reader });
      expect([1, 2].map((item) => found.catalogue?.title(item))).toEqual(titles);
    });
  });
}
