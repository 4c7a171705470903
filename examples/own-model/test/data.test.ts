import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSource } from '@seqrec/data';
import { gainOf } from '@seqrec/models';
import '../src/plugin.ts';

const read = (text: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'own-orders-')), 'orders.txt');
  writeFileSync(path, text);
  return readSource({ format: 'own/orders', path }, { folder: '' });
};

test('orders are events in the order of the list', async () => {
  const data = await read('ben 2024-03-02T09:00 milk\nanna 2024-03-01T10:00 tea,milk\n\nben 2024-03-01T09:00 jam\n');
  assert.equal(data.numEvents, 4);
  assert.equal(data.numItems, 3);
  const ben = data.users.dense('ben')!;
  const own = data.itemIds.subarray(data.userOffsets[ben], data.userOffsets[ben + 1]);
  assert.deepEqual(
    [...own].map((item) => data.items.external(item)),
    ['jam', 'milk'],
  );
  assert.equal(data.timestamps[data.userOffsets[ben]], Date.UTC(2024, 2, 1, 9) / 1000);
});

test('a line that is no order is an error with its number', async () => {
  await assert.rejects(
    read('anna 2024-03-01T10:00 tea\nanna yesterday tea\n'),
    /orders\.txt:2: expected a user, a time/,
  );
});

test('rank-biased precision is the mean over the places that a target shares', () => {
  const gain = gainOf('RBP');
  assert.ok(Math.abs(gain(1) - 0.2) < 1e-12);
  assert.ok(Math.abs(gain(3, 1) - (0.2 * 0.8 ** 2 + 0.2 * 0.8 ** 3) / 2) < 1e-12);
  assert.equal(gain(Number.POSITIVE_INFINITY), 0);
});
