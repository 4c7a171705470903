import { AdamW, useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import { CodeTrie } from '../../semantic-ids/codes/trie.ts';
import { onlyPart } from '../../tasks/part.ts';
import { constrainedBeams } from '../beams.ts';
import { createT5 } from './stack.ts';
import { someHistories, someSymbols, tinyConfig } from './test-support/world.ts';

beforeAll(async () => {
  await useBackend('auto');
});

it('learns 32 sequences by heart', async () => {
  const sizes = [8, 8];
  const own = someSymbols(60, sizes);
  const trie = new CodeTrie({
    count: 60,
    sizes,
    values: own.ofItems.slice(2).map((row, i) => row - own.firsts[i % 2]),
  });
  const host = someHistories(new Array<number>(32).fill(6), 60, 9);
  const config = { embeddingDim: 24, numHeads: 2, headDim: 12, ffnDim: 48, encoderBlocks: 1, decoderBlocks: 1 };
  const model = createT5(tinyConfig({ ...config, cuts: 'last' }), { numItems: own.count, seed: 2 });
  const optimizer = new AdamW({ learningRate: 0.005, weightDecay: 0 });
  const batch = uploadBatch(host);
  const targets = Array.from({ length: 32 }, (_, b) => host.targets[host.offsets[b + 1] - 1] - 1);
  let hits = 0;
  for (let step = 0; step < 300 && hits < 31; step++) {
    const { value, grads } = tf.variableGrads(() => {
      const { sum, weight } = model.loss({
        symbols: own,
        batch,
        part: onlyPart(host),
        run: { training: true, step, seed: 3 },
      });
      return tf.div(sum, weight);
    });
    optimizer.applyGradients(grads);
    tf.dispose([value, grads]);
    if (step % 20 < 19) continue;
    const reader = model.read(host, own);
    const { lists } = await constrainedBeams(reader, 32, { trie, width: 4, mask: 'after' });
    reader.dispose();
    hits = lists.filter(({ rows }, b) => rows[0] === targets[b]).length;
  }
  expect(hits).toBeGreaterThanOrEqual(31);
  batch.dispose();
  model.dispose();
});
