// How ids are said whose tokenizer a plug-in defines.
import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, trainTest } from '@seqrec/data';
import { defineTokenizer, semanticIdsSchema } from '@seqrec/models';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { fitIdsTo } from '../data/ids/fit-to-data.ts';
import { renderListing } from '../terminal/listing.ts';
import { Progress } from '../terminal/progress.ts';
import { listIds } from './list-ids.ts';

it('says that vectors were not read where a tokenizer reads none', async () => {
  await useBackend('cpu');
  defineTokenizer({
    kind: 'acme/counted',
    schema: z.strictObject({ kind: z.literal('acme/counted') }),
    readsVectors: false,
    isUnique: true,
    fit: (_, { count }) => ({
      codebooks: { sizes: [count], tensors: new Map() },
      codes: { count, sizes: [count], values: Int32Array.from({ length: count }, (_, row) => row) },
    }),
  });
  const events = { users: ['u', 'u', 'u'], items: ['a', 'b', 'c'], timestamps: [1, 2, 3] };
  const split = trainTest(interactionsFromArrays({ name: 'shop', ...events }));
  const config = semanticIdsSchema().parse({ tokenizer: { kind: 'acme/counted' } });
  const ids = await fitIdsTo(split, config, new Progress({ quiet: true }));
  expect(renderListing(listIds(ids))).toMatch(/vectors +not read\n/);
});
