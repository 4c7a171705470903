import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../test/part.ts';
import { type ModelConfigInput, modelKinds } from './registry.ts';
import { compareSmall } from './test-support/compare-plain.ts';
import { expectFormulas, formulaKinds } from './test-support/formula-kinds.ts';

beforeAll(async () => {
  await useBackend('auto');
});

it('covers every kind of model', () => {
  expect(Object.keys(formulaKinds).sort()).toEqual([...modelKinds('encode')].sort());
});

// Formula and layer share no code: the formulas are float64, loops over sequences, from the papers.
describe.each(Object.keys(formulaKinds))('%s', (kind) => {
  it.each(part([1, 2, 3], 2))('is its formula, loss and gradients included; configurations of seed %i', (seed) =>
    expectFormulas(kind, seed),
  );
});

const norms = Object.entries(formulaKinds).flatMap(([kind, { norms: own = [] }]) =>
  own.map(([settings, size]) => [kind, settings, size] as const),
);
it.each(norms)('%s %j: the norms have the documented epsilon', (kind, settings, size) => {
  const config = {
    kind,
    embeddingDim: 8,
    maxSequenceLength: 5,
    numBlocks: 1,
    numHeads: 2,
    inputDropout: 0,
    ...settings,
  };
  const { plain } = formulaKinds[kind];
  expect(compareSmall(config as unknown as ModelConfigInput, plain(config as never), size)).toBeLessThan(2e-5);
});
