import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Interactions } from '@seqrec/data';
import { interactionsFromArrays } from '@seqrec/data';
import { fitSemanticIds, semanticIdsSchema, writeSemanticIds } from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { withStoredIds } from './semantic-ids.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-ids-'));
const path = join(folder, 'ids.safetensors');
/** Items of the file, in another order than those of the data. */
const names = ['soap', 'tea', 'salt', 'oil'];
const codes = [
  [1, 0, 1, 1],
  [0, 1, 0, 1],
  [1, 0, 0, 0],
  [0, 1, 0, 1],
];
const shop = interactionsFromArrays({
  ...{ name: 'shop', users: [1, 1, 1], items: ['tea', 'salt', 'oil'], timestamps: [1, 2, 3] },
});

beforeAll(async () => {
  const config = semanticIdsSchema.parse({ tokenizer: { kind: 'file', path: 'codes.tsv' } });
  const given = { levels: 4, values: Int32Array.from(codes.flat()) };
  const ids = await fitSemanticIds({ config, items: 4, given, seed: 1 });
  const state = { tensors: new Map(), texts: new Map() };
  await writeSemanticIds(path, {
    ...ids,
    config,
    items: names,
    data: 'shop',
    vectors: state,
    version: 1,
    versions: [],
  });
});

const termsOf = async (given: object): Promise<Record<string, string[]>> => {
  const settings = { path, name: 'semanticIds', terms: 'prefixes' as const, n: 1, ...given };
  const added: Interactions = await withStoredIds(shop, { semanticIds: settings });
  const column = added.itemTable.columns.get(settings.name)!;
  if (column.kind !== 'ids') throw new Error(`got ${column.kind}`);
  return Object.fromEntries(
    Array.from({ length: added.numItems }, (_, i) => {
      const own = column.values.subarray(column.offsets[i], column.offsets[i + 1]);
      return [added.items.external(i + 1), Array.from(own, (id) => column.ids.external(id))];
    }),
  );
};

describe('codes of a file as a column of the items', () => {
  it('are joined by the ids of items, the counter left out', async () => {
    expect(await termsOf({})).toEqual({
      tea: ['1:0', '2:0.1', '3:0.1.0', '4:0.1.0.1'],
      salt: ['1:1', '2:1.0', '3:1.0.0', '4:1.0.0.0'],
      // The same codes as tea's, but for the counter.
      oil: ['1:0', '2:0.1', '3:0.1.0', '4:0.1.0.1'],
    });
  });

  it('are groups, or pieces of the codes of all items of the file', async () => {
    expect((await termsOf({ terms: 'groups', n: 2 })).salt).toEqual(['0:1.0', '1:0.0']);
    expect((await termsOf({ terms: 'pieces', pieces: 8 })).tea).toEqual(['0.0', '1.1', '2.0', '3.1']);
    expect((await termsOf({ terms: 'pieces', pieces: 9 })).tea).toHaveLength(3);
    expect((await termsOf({ terms: 'pieces', name: 'other' })).tea).toHaveLength(1);
  });

  it('are said in the record of the data, and nothing is added without a file', async () => {
    const settings = { path, name: 'semanticIds', terms: 'prefixes' as const, n: 1 };
    const { steps } = await withStoredIds(shop, { semanticIds: settings });
    expect(steps.at(-1)?.detail).toMatch(
      /^Added semanticIds, prefixes of the semantic ids [0-9a-f]{12} of shop, version 1: 8 terms\.$/,
    );
    expect(await withStoredIds(shop, {})).toBe(shop);
  });

  it('are refused for items that the file does not have, and for another file', async () => {
    const more = interactionsFromArrays({ name: 'more', users: [1], items: ['rice'], timestamps: [1] });
    const settings = { path, name: 'semanticIds', terms: 'prefixes' as const, n: 1 };
    await expect(withStoredIds(more, { semanticIds: settings })).rejects.toThrow(
      `${path}: expected codes of the 1 items of more; got those of 4 items of shop, none for rice; \`seqrec ids append\` gives`,
    );
    const other = join(folder, 'other.csv');
    writeFileSync(other, 'item,code1\n');
    await expect(withStoredIds(shop, { semanticIds: { ...settings, path: other } })).rejects.toThrow(other);
  });
});
