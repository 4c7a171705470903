import { useBackend } from '@seqrec/core';
import { beforeAll, describe, it } from 'vitest';
import { expectFormulas, formulaKinds } from './test-support/formula-kinds.ts';

// As formulas.test.ts, with new configurations in every run: the seed is in the name of the test, so that a red one
// is red again with SEQREC_SEED. Bounds are thirty times those of fixed seeds: of hundreds of configurations that nobody
// has seen one has norms of two numbers that hardly differ, which lose two digits; a fault is of the size of the thing.
const first = Number(process.env.SEQREC_SEED ?? Date.now() % 1_000_000);

describe.each(['simd', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  describe.each(Object.keys(formulaKinds))('%s', (kind) => {
    it.each([first, first + 1, first + 2])('is its formula; configurations of seed %i', (seed) =>
      expectFormulas(kind, seed, 30, 30),
    );
  });
});
