import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
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
  it.each([1, 2, 3])('is its formula, loss and gradients included; configurations of seed %i', (seed) =>
    expectFormulas(kind, seed),
  );
});

const sizes = { embeddingDim: 8, maxSequenceLength: 5, numBlocks: 1, numHeads: 2, inputDropout: 0 };
const hstu = { kind: 'hstu', ...sizes, dqk: 4, dv: 4, linearDropout: 0 } as const;

// The size of numbers whose square is the epsilon: there a norm halves the variance, give or take.
it.each<[string, object, number]>([
  ['hstu', hstu, 1e-3],
  ['hstu', { ...hstu, affineNorms: true }, 1e-3],
  ['sasrec', { kind: 'sasrec', ...sizes, ffnDim: 6, ffnDropout: 0 }, 1e-4],
  ['transformer', { kind: 'transformer', ...sizes, blockDropout: 0 }, 1e-3],
  ['transformer-plus-plus', { kind: 'transformer-plus-plus', ...sizes, blockDropout: 0 }, 1e-3],
])('%s %j: the norms have the documented epsilon', (kind, config, size) => {
  const { plain } = formulaKinds[kind];
  expect(compareSmall(config as ModelConfigInput, plain(config as never), size)).toBeLessThan(2e-5);
});
