// Ids are fitted once, but for a tokenizer that a plug-in defines: its code may change while it is written.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { interactionsFromArrays } from '@seqrec/data';
import { defineTokenizer, semanticIdsSchema } from '@seqrec/models';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { Progress } from '../../terminal/progress.ts';
import { fittedIds } from './fitted-ids.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-fitted-ids-'));
afterAll(() => rmSync(folder, { recursive: true }));
const shop = interactionsFromArrays({ name: 'shop', users: ['u', 'u'], items: ['a', 'b'], timestamps: [1, 2] });
/** What the tokenizer gives the items, as its author has it now. */
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
});

const codesBy = async (tokenizer: object) => {
  const config = semanticIdsSchema().parse({ tokenizer });
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
