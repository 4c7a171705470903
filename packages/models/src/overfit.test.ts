import { useBackend } from '@seqrec/core';
import { beforeAll, expect, it } from 'vitest';
import { modelKinds } from './registry.ts';
import { learnByHeart, overfitEncoders } from './test-support/overfit.ts';

beforeAll(async () => {
  await useBackend('auto');
});

it('covers every kind of model', () => {
  const kinds = new Set(Object.values(overfitEncoders).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([...modelKinds('encode')].sort());
});

// Every encoder with every objective, from three seeds: overfit.slow.test.ts.
it.each(Object.keys(overfitEncoders))('%s learns 32 sequences by heart', async (name) => {
  const { hits } = await learnByHeart(name, { kind: 'sampled-softmax', numNegatives: 64 }, 3);
  expect(hits).toBeGreaterThanOrEqual(0.95);
});
