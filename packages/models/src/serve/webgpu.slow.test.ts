import { useBackend } from '@seqrec/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../../../core/test/conformance/backends.ts';
import { modelOf } from '../test-support/scored-models.ts';
import { play, steps } from '../test-support/scorer-play.ts';
import { createScorer } from './create-scorer.ts';

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(
  absent === undefined ? 'a scorer on webgpu' : `a scorer on webgpu (absent: ${absent})`,
  () => {
    beforeAll(async () => {
      await useBackend('webgpu');
    });

    it.each(['hstu', 'hstu, softmax', 'hstu, window', 'sasrec', 'gru4rec'])(
      'of %s is within its bound of the full pass',
      async (name) => {
        const model = modelOf(name);
        await fc.assert(
          fc.asyncProperty(steps, async (plan) => {
            const scorer = createScorer(model);
            expect(scorer.capabilities).toEqual({ append: true, exact: 1e-5 });
            await play(model, scorer, plan).finally(() => scorer.dispose());
          }),
          { numRuns: 2, seed: 5 },
        );
        model.dispose();
      },
    );
  },
);
