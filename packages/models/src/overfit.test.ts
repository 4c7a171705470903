import { integers, streamKey, useBackend } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { evaluate } from './evaluate/evaluate.ts';
import { createModel, type ModelConfigInput, modelKinds } from './registry.ts';
import { tinyConfigs } from './test-support/tiny.ts';
import { createTrainer } from './train/trainer.ts';

const NUM_ITEMS = 60;

beforeAll(async () => {
  await useBackend('auto');
});

/** 32 sequences of random items: nothing to generalise, everything to learn by heart. */
function memorable(): ExampleSet {
  const events = Array.from({ length: 32 * 7 }, (_, e) => e);
  const interactions = interactionsFromArrays({
    name: 'memorable',
    users: events.map((e) => Math.floor(e / 7)),
    items: integers(streamKey(3, 'memorable'), 0, events.length, 1, NUM_ITEMS),
    timestamps: events.map((e) => 1e6 + 3600 * e),
    catalogue: Array.from({ length: NUM_ITEMS }, (_, i) => ({ item: i + 1 })),
  });
  return latestWindow(trainTest(interactions).test, { maxLength: 6 });
}

const wide = { embeddingDim: 32, maxSequenceLength: 6, numBlocks: 2, numHeads: 2, inputDropout: 0 };
const { numHeads: _, ...recurrent } = wide;
const configs: Record<string, ModelConfigInput> = {
  hstu: { kind: 'hstu', ...wide, dqk: 16, dv: 16, linearDropout: 0 },
  'hstu-softmax': { ...tinyConfigs['hstu-softmax'], ...wide, dqk: 16, dv: 16, linearDropout: 0 } as ModelConfigInput,
  sasrec: { kind: 'sasrec', ...wide, ffnDim: 64, ffnDropout: 0 },
  transformer: { kind: 'transformer', ...wide, blockDropout: 0 },
  'transformer-plus-plus': { kind: 'transformer-plus-plus', ...wide, blockDropout: 0 },
  gru4rec: { kind: 'gru4rec', ...recurrent, blockDropout: 0 },
  pinnerformer: { kind: 'pinnerformer', ...wide, modelDim: 32, blockDropout: 0 },
};

/** Where 0.01 is too bold. */
const rates: Record<string, number> = { pinnerformer: 0.003 };

it('covers every kind of model', () => {
  expect([...new Set(Object.values(configs).map(({ kind }) => kind))].sort()).toEqual([...modelKinds].sort());
});

it.each(Object.keys(configs))('%s learns 32 sequences by heart', async (name) => {
  const examples = memorable();
  const model = createModel(configs[name], { numItems: NUM_ITEMS, seed: 1 });
  const trainer = createTrainer({
    model,
    examples,
    batchSize: 32,
    learningRate: rates[name] ?? 0.01,
    numNegatives: 64,
    seed: 2,
  });
  let hits = 0;
  for (let round = 0; round < 12 && hits < 1; round++) {
    for (let epoch = 0; epoch < 20; epoch++) await trainer.runEpoch();
    hits = (await evaluate({ model, examples, ks: [1], excludeSeen: false })).metrics['HR@1'];
  }
  if (process.env.SEQREC_PRINT) console.log(tf.getBackend(), name, hits, trainer.progress.globalStep);
  expect(hits).toBeGreaterThanOrEqual(31 / 32);
  trainer.dispose();
  model.dispose();
});
