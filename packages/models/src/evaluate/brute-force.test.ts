import { useBackend } from '@seqrec/core';
import { latestWindow, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import { createModel } from '../registry.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluate } from './evaluate.ts';
import { exactRank } from './ranks.ts';

/** Ranks from all scores, one product and one scan per example. */
async function bruteForce(model: TokenEncoder, all: boolean): Promise<number[]> {
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

/** Ranks of every position, each encoded on its own and asked at the time of its last event. */
async function askedAtLastEvent(model: TokenEncoder, all: boolean): Promise<number[]> {
  const examples = latestWindow(tinySplit().test, { maxLength: 6 });
  const { itemIds, timestamps } = examples.interactions;
  const ranks: number[] = [];
  for (let e = 0; e < examples.targets.length; e++) {
    const [start, end] = [examples.starts[e], examples.targets[e]];
    for (let target = all ? start + 1 : end; target <= end; target++) {
      const times = timestamps.slice(start, target);
      const batch = uploadBatch({
        users: Int32Array.of(0),
        offsets: Int32Array.of(0, target - start),
        itemIds: itemIds.slice(start, target),
        timestamps: times,
        targets: itemIds.slice(start, target),
        targetTimestamps: Float64Array.of(...times.subarray(1), times[times.length - 1]),
      });
      const scores = tf.tidy(() => {
        const encoded = model.encode(batch, { training: false, step: 0, seed: 0 });
        const last = tf.slice(encoded, [batch.numTokens - 1, 0], [1, -1]);
        return tf.matMul(last, model.itemVectors(), false, true);
      });
      const request = { scores: await scores.data(), base: 0, target: itemIds[target], lastItem: model.numItems };
      const excluded = [...new Set(itemIds.subarray(start, target))];
      ranks.push(exactRank({ ...request, excluded, ties: 'optimistic' }));
      scores.dispose();
      batch.dispose();
    }
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

  it('asks a model that reads times at the time of the last event, when told so', async () => {
    const examples = latestWindow(tinySplit().test, { maxLength: 6 });
    for (const kind of ['hstu', 'sasrec'] as const) {
      const model = createModel(tinyConfigs[kind], { numItems: 20, seed: 5 });
      // A fresh time bias is nearly 0.
      for (const [name, weight] of model.variables()) {
        if (/ts_w/.test(name)) weight.assign(tf.reshape(tf.mul(tf.sin(tf.range(0, weight.size)), 3), weight.shape));
      }
      for (const positions of ['last', 'all'] as const) {
        const asked = async (queryTime: 'target' | 'last') =>
          evaluate({ model, examples, ks: [1], positions, queryTime, batchSize: 5 });
        const [target, last] = [await asked('target'), await asked('last')];
        expect([...target.ranks]).toEqual(await bruteForce(model, positions === 'all'));
        expect([...last.ranks]).toEqual(await askedAtLastEvent(model, positions === 'all'));
        expect([...last.examples]).toEqual([...target.examples]);
        expect([...last.ranks].join() === [...target.ranks].join()).toBe(kind === 'sasrec');
        expect(last.definition).toContain(
          'Time of a query, where a model reads it: that of the last event of the history (queryTime last).',
        );
      }
      model.dispose();
    }
  });
});
