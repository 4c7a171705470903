import { expect, it } from 'vitest';
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
