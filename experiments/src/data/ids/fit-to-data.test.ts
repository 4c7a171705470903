import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type StoredIds, semanticIdsSchema } from '@seqrec/models';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataConfigSchema } from '../../config/data-schema.ts';
import { Progress } from '../../terminal/progress.ts';
import { shopData, writeShop } from '../../testing/coded-shop.ts';
import { prepareData } from '../dataset.ts';
import { fitIdsTo } from './fit-to-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-fit-to-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await useBackend('auto');
  writeShop(folder, { last: 'late' });
});
const quiet = new Progress({ quiet: true });

/** The shop, whose item `late` has no training event; with another title of it. */
async function fit(ids: object, title?: string): Promise<StoredIds> {
  const path = join(folder, 'shop-items.csv');
  const before = readFileSync(path, 'utf8');
  if (title !== undefined) writeFileSync(path, before.replace(/^late,[^,]*/m, `late,${title}`));
  try {
    const { split } = await prepareData(dataConfigSchema().parse(shopData(folder)), '.', quiet);
    const tokenizer = { kind: 'residual-k-means', levels: 2, codes: 4 };
    return await fitIdsTo(split, semanticIdsSchema().parse({ tokenizer, ...ids }), quiet);
  } finally {
    writeFileSync(path, before);
  }
}
const codesByItem = ({ codes, items }: StoredIds): Record<string, string> =>
  Object.fromEntries(
    items.map((item, row) => [
      item,
      String(codes.values.subarray(row * codes.sizes.length, (row + 1) * codes.sizes.length)),
    ]),
  );
const without = (codes: Record<string, string>, item: string): Record<string, string> =>
  Object.fromEntries(Object.entries(codes).filter(([each]) => each !== item));

test.each([{}, { standardise: true }])(
  'fitted to training, ids of old items do not know the others: %j',
  async (more) => {
    const options = { fitTo: 'training', ...more };
    const [one, other] = [await fit(options), await fit(options, 'black nail polish')];
    const [a, b] = [codesByItem(one), codesByItem(other)];
    expect(Object.keys(a)).toHaveLength(25);
    expect(new Set(Object.values(a)).size).toBe(25);
    expect(without(b, 'late')).toEqual(without(a, 'late'));
    expect(one.report.items).toBe(24);
    // A title decides what a new item gets.
    expect(b.late).not.toEqual(a.late);
    // Fitted to the catalogue they do know it.
    expect(codesByItem(await fit(more, 'black nail polish'))).not.toEqual(codesByItem(await fit(more)));
  },
);

test('the two are one where every item has a training event', async () => {
  writeShop(folder, { name: 'shop' });
  const [all, training] = [await fit({}), await fit({ fitTo: 'training' })];
  expect(codesByItem(training)).toEqual(codesByItem(all));
  writeShop(folder, { last: 'late' });
});

test('codes that stand for no vector cannot be fitted to some items', async () => {
  await expect(fit({ fitTo: 'training', tokenizer: { kind: 'random', levels: 2, codes: 64 } })).rejects.toThrow(
    "ids.fitTo: expected a tokenizer of vectors with 'training', by which other items get codes; got 'random'",
  );
});
