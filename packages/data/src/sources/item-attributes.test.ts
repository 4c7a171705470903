import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadDataset } from '../load.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-attributes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const events = ['user\titem\ttimestamp', 'a\t1\t10', 'a\t2\t20', 'b\t2\t10', 'b\t3\t30', ''].join('\n');

function write(name: string, attributes: string, items = 'item\tasin\n1\tX\n2\tY\n3\tZ\n'): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'interactions.tsv'), events);
  writeFileSync(join(path, 'items.tsv'), items);
  writeFileSync(join(path, 'item2attributes.json'), attributes);
  return path;
}
const load = (path: string) => loadDataset({ format: 'amazon', path });

it('attributes of items are a column where nothing else is known of them', async () => {
  const data = await load(write('plain', '{"1": [7, 8, 7], "3": [8], "99": [1]}'));
  const column = data.itemTable.columns.get('attributes');
  if (column?.kind !== 'ids') throw new Error('expected a column of ids');
  const of = (item: string): string[] => {
    const row = data.items.dense(item)! - 1;
    return Array.from(column.values.subarray(column.offsets[row], column.offsets[row + 1]), (id) =>
      column.ids.external(id),
    );
  };
  expect([of('1'), of('2'), of('3')]).toEqual([['7', '8'], [], ['8']]);
  expect(data.steps.at(-1)?.detail).toBe('Read attributes of 2 items, and of 1 that are not in the data.');
});

it('titles come before attributes', async () => {
  const data = await load(write('titled', '{"1": [7]}', 'item\ttitle\n1\tred\n2\tblue\n3\tgreen\n'));
  expect([...data.itemTable.columns.keys()]).toEqual(['title']);
});

it.each([
  [
    'text',
    'none',
    /readAmazon: .*item2attributes\.json: expected an object of lists of attributes, an item each; got /,
  ],
  ['list', '[1, 2]', /got \[1,2\]/],
  ['number', '{"1": 3}', /got 3 for the item 1/],
  ['nested', '{"1": [[3]]}', /got \[\[3\]\] for the item 1/],
])('%s in its place is refused', async (name, text, message) => {
  await expect(load(write(name, text))).rejects.toThrow(message);
});
