import { useBackend } from '@seqrec/core';
import { beforeAll, expect, test } from 'vitest';
import { failuresOf } from '../../testing/absurd-values.ts';
import { everyKey } from '../../testing/every-key.ts';

beforeAll(async () => {
  await useBackend('auto');
});

// absurd-values.test.ts tries a key where it first occurs: here each goes with every model, objective and rule.
test.each(Object.keys(everyKey))('every key of %s with absurd values, with all others of it', async (name) => {
  expect(await failuresOf(name, new Set())).toEqual([]);
});
