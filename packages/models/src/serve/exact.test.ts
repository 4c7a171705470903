import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../test/part.ts';
import { growing, historyOf, modelOf, vectorOf } from '../test-support/scored-models.ts';
import { memorySpill, play, steps } from '../test-support/scorer-play.ts';
import { createScorer, type ScorerOptions } from './create-scorer.ts';

/** Over pages of many sizes, with and without a spill. */
const optionSets: readonly ScorerOptions[] = [
  {},
  { settle: 'question' },
  { pageTokens: 1 },
  { pageTokens: 7, spill: memorySpill() },
  { pageTokens: 7, spill: memorySpill(), settle: 'question' },
];

describe.each(part(['simd', 'cpu', 'wasm'] as const, 3))('a scorer on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(growing)('of %s gives the vectors of the full pass, whatever came before', async (name) => {
    const model = modelOf(name);
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(...optionSets), async (plan, options) => {
        const before = tf.memory().numTensors;
        const scorer = createScorer(model, options);
        try {
          await play(model, scorer, plan);
        } finally {
          scorer.dispose();
        }
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: backend === 'simd' ? 25 : 5, seed: 5 },
    );
    model.dispose();
  });
});

describe('a scorer over hundreds of events', () => {
  // More than two blocks of keys of the kernels, and appends across their edges.
  const long = [
    'hstu',
    'hstu, softmax',
    'hstu, window',
    'hstu, interleaved',
    'sasrec',
    'transformer-plus-plus',
    'gru4rec',
  ];
  it.each([...long.map((name) => ['simd', name] as const), ['wasm', 'hstu'] as const, ['wasm', 'sasrec'] as const])(
    'on %s of %s is exact over hundreds of events, in blocks of any size',
    async (backend, name) => {
      await useBackend(backend);
      const model = modelOf(name, { maxSequenceLength: 320 });
      const events = historyOf(3, 310);
      const after = async (blocks: readonly number[]): Promise<Float32Array> => {
        const scorer = createScorer(model);
        let at = 0;
        for (const size of blocks) {
          await scorer.append({ user: 'a', events: events.slice(at, at + size) });
          at += size;
        }
        await scorer.append({ user: 'a', events: events.slice(at) });
        const [vector] = await scorer.encode({ user: 'a', at: 1.9e9 });
        scorer.dispose();
        return vector;
      };
      const expected = await vectorOf(model, events, 1.9e9);
      expect(await after([])).toEqual(expected);
      if (backend === 'simd') expect(await after(new Array<number>(310).fill(1))).toEqual(expected);
      expect(await after([95, 1, 1, 94, 2, 16, 17])).toEqual(expected);
      model.dispose();
      await useBackend('simd');
    },
  );
});
