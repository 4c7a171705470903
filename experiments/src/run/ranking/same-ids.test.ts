import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays } from '@seqrec/data';
import { afterAll, expect, it } from 'vitest';
import { saveIds } from '../folder/ids.ts';
import { checkSameIds } from './same-ids.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-same-ids-'));
afterAll(() => rmSync(folder, { recursive: true }));

const data = (users: number[], items: number[]) =>
  interactionsFromArrays({ name: 'shop', users, items, timestamps: users.map((_, i) => i) });

const trained = data([7, 7, 9, 9], [3, 5, 5, 8]);
mkdirSync(join(folder, 'checkpoints'));
const path = join(folder, 'checkpoints', 'best.safetensors');
saveIds({ userIds: join(folder, 'users.jsonl'), itemIds: join(folder, 'items.jsonl') } as never, trained);
const own = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]));
const both = own('fields.user.weight', 'fields.item.weight');

it('takes a checkpoint of the same users and items, in any events, and one that lies alone', async () => {
  await checkSameIds(path, both, trained);
  await checkSameIds(path, both, data([7, 9, 9, 9, 7], [3, 8, 5, 8, 5]));
  await checkSameIds(join(folder, 'alone.safetensors'), both, data([1], [1]));
});

it.each([
  ['other items', data([7, 7, 9, 9], [3, 5, 5, 6]), 'whose item 3 is "8" and here "6"'],
  ['other users', data([7, 7, 8, 8], [3, 5, 5, 8]), 'whose user 1 is "9" and here "8"'],
  ['fewer items', data([7, 7, 9, 9], [3, 5, 5, 3]), 'of more than 2 items'],
  ['more items', data([7, 7, 9, 9], [3, 5, 8, 9]), 'of 3 items and not 4'],
])('refuses one of %s', async (_, others, message) => {
  await expect(checkSameIds(path, both, others)).rejects.toThrow(message);
});

it('asks for the ids of the tables alone that are read', async () => {
  await checkSameIds(path, own('fields.item.weight'), data([7, 7, 8, 8], [3, 5, 5, 8]));
  await checkSameIds(path, own('fields.brand.weight'), data([1], [1]));
});

it('asks for them too where the checkpoint names its table otherwise', async () => {
  const tables = { 'fields.item.weight': '_embedding_module._item_emb.weight' };
  await checkSameIds(path, tables, trained);
  await expect(checkSameIds(path, tables, data([7, 7, 9, 9], [3, 5, 5, 6]))).rejects.toThrow('whose item 3 is "8"');
});
