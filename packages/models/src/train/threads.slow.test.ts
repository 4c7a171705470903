import { useBackend } from '@seqrec/core';
import { removeSimdBackend, type SimdBackend } from '@seqrec/core/simd';
import { latestWindow, markovWorld } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { readParameters } from '../parameters.ts';
import { createModel } from '../registry.ts';
import { createTrainer } from './trainer.ts';

const STEPS = 200;
const world = markovWorld({ users: 300, items: 200, length: 40, seed: 3 });

/** Weights after training as one block of bytes, and the heap in use after each step. */
async function train(
  threads: number,
  embeddings: 'dense' | 'rowwise',
): Promise<{ readonly weights: Buffer; readonly heap: number[] }> {
  await useBackend('simd', { threads });
  const { split, interactions } = world;
  const shape = { embeddingDim: 24, maxSequenceLength: 40, numBlocks: 2, numHeads: 2, dqk: 12, dv: 12 } as const;
  const model = createModel({ kind: 'hstu', ...shape }, { numItems: interactions.numItems, seed: 5 });
  const examples = latestWindow(split.train, { maxLength: 40 });
  const trainer = createTrainer({
    model,
    examples,
    batchSize: 32,
    learningRate: 1e-3,
    numNegatives: 32,
    embeddings,
    seed: 5,
  });
  const heap: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    await trainer.step();
    heap.push((tf.backend() as SimdBackend).heap.used);
  }
  const weights = Object.values(await readParameters(model)).map(({ data }) =>
    Buffer.from(Float32Array.from(data).buffer),
  );
  trainer.dispose();
  model.dispose();
  return { weights: Buffer.concat(weights), heap };
}

describe('threads', () => {
  afterAll(removeSimdBackend);

  it.each(['dense', 'rowwise'] as const)(
    'leave no trace in the weights, and steps none in memory: %s',
    async (rule) => {
      const one = await train(1, rule);
      const two = await train(2, rule);
      const three = await train(3, rule);
      expect(Buffer.compare(one.weights, two.weights)).toBe(0);
      expect(Buffer.compare(one.weights, three.weights)).toBe(0);
      // The moments are born in the first step; from then on every step gives back what it took.
      expect(new Set(two.heap.slice(1)).size).toBe(1);
    },
  );
});
