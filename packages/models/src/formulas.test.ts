import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelKinds } from './registry.ts';
import { expectFormulas, formulaKinds } from './test-support/formula-kinds.ts';

beforeAll(async () => {
  await useBackend('auto');
});

it('covers every kind of model', () => {
  expect(Object.keys(formulaKinds).sort()).toEqual([...modelKinds].sort());
});

// Formula and layer share no code: the formulas are float64, loops over sequences, from the papers.
describe.each(Object.keys(formulaKinds))('%s', (kind) => {
  it.each([1, 2, 3])('is its formula, loss and gradients included; configurations of seed %i', (seed) =>
    expectFormulas(kind, seed),
  );
});
