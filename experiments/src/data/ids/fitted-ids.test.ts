// Ids are fitted once, but for vectors and a tokenizer that a plug-in defines: its code may change while it is written.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { type Interactions, interactionsFromArrays, withItemTerms } from '@seqrec/data';
import { columnsOfVectors, defineItemVectors, defineTokenizer, semanticIdsSchema } from '@seqrec/models';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { Progress } from '../../terminal/progress.ts';
import { fittedIds, fitVersion } from './fitted-ids.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-fitted-ids-'));
afterAll(() => rmSync(folder, { recursive: true }));
const shop = interactionsFromArrays({ name: 'shop', users: ['u', 'u'], items: ['a', 'b'], timestamps: [1, 2] });
/** What the tokenizer and the vectors give the items, as its author has it now. */
let values = [0, 1];

beforeAll(async () => {
  await useBackend('cpu');
  defineTokenizer({
    kind: 'acme/now',
    schema: z.strictObject({ kind: z.literal('acme/now') }),
    readsVectors: false,
    isUnique: true,
    fit: (_, { count }) => ({
      codebooks: { sizes: [2], tensors: new Map() },
      codes: { count, sizes: [2], values: Int32Array.from(values) },
    }),
  });
  defineItemVectors({
    kind: 'acme/rows',
    schema: z.strictObject({ kind: z.literal('acme/rows') }),
    fit: () => ({ rows: { count: 2, width: 2, values: Float64Array.from([...values, 1, 0]) } }),
  });
});

const codesBy = async (tokenizer: object, vectors?: object[]) => {
  const config = semanticIdsSchema().parse({ tokenizer, ...(vectors && { vectors }) });
  const ids = await fittedIds(shop, config, folder, new Progress({ quiet: true }));
  return [...ids.codes.values];
};

it('a tokenizer of a plug-in is asked again, one of ours is not', async () => {
  expect(await codesBy({ kind: 'acme/now' })).toEqual([0, 1]);
  values = [1, 0];
  expect(await codesBy({ kind: 'acme/now' })).toEqual([1, 0]);
  const first = await codesBy({ kind: 'random', levels: 1, codes: 4 });
  expect(await codesBy({ kind: 'random', levels: 1, codes: 4 })).toEqual(first);
});

it('ids of an older version of the code are fitted anew', async () => {
  const own = join(folder, 'versions');
  const config = semanticIdsSchema().parse({ tokenizer: { kind: 'random', levels: 1, codes: 4 } });
  const files = async (version?: number) => {
    await fittedIds(shop, config, own, new Progress({ quiet: true }), version);
    return readdirSync(own).length;
  };
  expect(await files(fitVersion - 1)).toBe(1);
  expect([await files(), await files()]).toEqual([2, 2]);
});

it('ids are fitted anew where a column was gathered over all time, as it turns out', async () => {
  const step = { name: 'terms', detail: '', params: {}, counts: {} };
  const withKinds = withItemTerms(shop, { name: 'kinds', terms: [['x'], ['x', 'y']], step });
  const tagged = withItemTerms(withKinds, { name: 'tags', terms: [['x'], ['x', 'z']], step });
  const config = semanticIdsSchema().parse({ vectors: [{ kind: 'lsa', minDocuments: 1 }] });
  const columnsRead = async (interactions: Interactions) => {
    const { vectors } = await fittedIds(interactions, config, folder, new Progress({ quiet: true }));
    return columnsOfVectors(vectors, 0);
  };
  expect(await columnsRead(tagged)).toEqual(['kinds', 'tags']);
  const roles = { ...tagged.roles, overAllTime: ['tags'] };
  expect(await columnsRead({ ...tagged, roles })).toEqual(['kinds']);
});

it('vectors of a plug-in are asked again, where a tokenizer reads them', async () => {
  const rows = [{ kind: 'acme/rows' }];
  const clusters = { kind: 'residual-k-means', levels: 1, codes: 2 };
  values = [0, 1];
  // Two items, the codes of two clusters and a counter.
  const apart = await codesBy(clusters, rows);
  expect(apart[0]).not.toBe(apart[2]);
  values = [1, 0];
  const alike = await codesBy(clusters, rows);
  expect(alike[0]).toBe(alike[2]);
  const random = { kind: 'random', levels: 1, codes: 4 };
  expect(await codesBy(random, rows)).toEqual(await codesBy(random, rows));
});
