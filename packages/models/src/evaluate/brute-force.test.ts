import { useBackend } from '@seqrec/core';
import { latestWindow, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluate } from './evaluate.ts';
import { exactRank } from './ranks.ts';

/** Ranks from all scores, one product and one scan per example. */
async function bruteForce(model: ReturnType<typeof createModel>, all: boolean): Promise<number[]> {
  const examples = latestWindow(tinySplit().test, { maxLength: 6 });
  const { itemIds } = examples.interactions;
  const ranks: number[] = [];
  for (let e = 0; e < examples.targets.length; e++) {
    const batch = uploadBatch(makeBatch(examples, [e]));
    const scores = tf.tidy(() => {
      const encoded = model.encode(batch, { training: false, step: 0, seed: 0 });
      return tf.matMul(encoded, model.itemVectors(), false, true);
    });
    const values = await scores.data();
    const width = model.numItems + 1;
    for (let t = all ? 0 : batch.numTokens - 1; t < batch.numTokens; t++) {
      const target = examples.starts[e] + t + 1;
      const excluded = new Set(itemIds.subarray(examples.starts[e], target));
      const request = { scores: values, base: t * width, target: itemIds[target], lastItem: model.numItems };
      ranks.push(exactRank({ ...request, excluded: [...excluded], ties: 'optimistic' }));
    }
    scores.dispose();
    batch.dispose();
  }
  return ranks;
}

describe.each(['simd', 'cpu'] as const)('evaluate on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(['hstu', 'sasrec', 'transformer'] as const)('ranks %s as a scan of all scores does', async (kind) => {
    const model = createModel(tinyConfigs[kind], { numItems: 20, seed: 5 });
    const examples = latestWindow(tinySplit().test, { maxLength: 6 });
    for (const positions of ['last', 'all'] as const) {
      const { ranks } = await evaluate({ model, examples, ks: [1], positions });
      expect([...ranks]).toEqual(await bruteForce(model, positions === 'all'));
    }
    model.dispose();
  });
});
