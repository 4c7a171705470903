import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays } from '@seqrec/data';
import { expect, test } from 'vitest';
import { saveIds } from './ids.ts';
import { runDirAt } from './run-dir.ts';

test('ids of a run: a line a user, a line an item, titles where there are some', () => {
  const interactions = interactionsFromArrays({
    name: 'ids',
    users: ['u "x"', 'a\nb', 'a\nb'],
    items: ['7', '10', '7'],
    timestamps: [1, 2, 3],
    catalogue: [{ item: '7', title: 'Seven, "7"' }, { item: '10' }, { item: '12' }],
  });
  const run = runDirAt(mkdtempSync(join(tmpdir(), 'seqrec-ids-')));
  saveIds(run, interactions);
  const lines = (path: string) =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const ids = lines(run.userIds);
  expect(ids.map(({ user }) => user)).toEqual([0, 1]);
  for (const { user, id } of ids) expect(interactions.users.dense(id)).toBe(user);
  const items = lines(run.itemIds);
  expect(items).toContainEqual({ item: interactions.items.dense('7'), id: '7', title: 'Seven, "7"' });
  expect(items.map(({ item }) => item)).toEqual([1, 2, 3]);
  for (const { item, id } of items) expect(interactions.items.dense(id)).toBe(item);
});
