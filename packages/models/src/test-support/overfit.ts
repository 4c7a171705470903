import { integers, streamKey } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import { evaluate } from '../evaluate/evaluate.ts';
import type { ObjectiveConfigInput } from '../objectives/config.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel, type ModelConfigInput } from '../registry.ts';
import { createTrainer } from '../train/trainer.ts';
import { tinyConfigs } from './tiny.ts';

const NUM_ITEMS = 60;
const LENGTH = 6;

/** 32 sequences of random items: nothing to generalise, everything to learn by heart. */
function memorable(seed: number): ExampleSet {
  const events = Array.from({ length: 32 * (LENGTH + 1) }, (_, e) => e);
  const interactions = interactionsFromArrays({
    name: 'memorable',
    users: events.map((e) => Math.floor(e / (LENGTH + 1))),
    items: integers(streamKey(seed, 'memorable'), 0, events.length, 1, NUM_ITEMS),
    timestamps: events.map((e) => 1e6 + 3600 * e),
    ratings: events.map((e) => 1 + (e % 5)),
    catalogue: Array.from({ length: NUM_ITEMS }, (_, i) => ({ item: i + 1 })),
  });
  return latestWindow(trainTest(interactions).test, { maxLength: LENGTH });
}

const wide = { embeddingDim: 32, maxSequenceLength: LENGTH, numBlocks: 2, numHeads: 2, inputDropout: 0 };
const { numHeads: _, ...recurrent } = wide;
/** One of each kind, and the layers of HSTU that differ most. */
export const overfitEncoders: Readonly<Record<string, ModelConfigInput>> = {
  hstu: { kind: 'hstu', ...wide, dqk: 16, dv: 16, linearDropout: 0 },
  'hstu-softmax': { ...tinyConfigs['hstu-softmax'], ...wide, dqk: 16, dv: 16, linearDropout: 0 } as ModelConfigInput,
  'hstu-production': { kind: 'hstu', ...wide, dqk: 16, dv: 16, linearDropout: 0, block: 'production' },
  'hstu-actions': { kind: 'hstu', ...wide, dqk: 16, dv: 16, linearDropout: 0, actions: 'interleave' },
  sasrec: { kind: 'sasrec', ...wide, ffnDim: 64, ffnDropout: 0 },
  transformer: { kind: 'transformer', ...wide, blockDropout: 0 },
  'transformer-plus-plus': { kind: 'transformer-plus-plus', ...wide, blockDropout: 0 },
  gru4rec: { kind: 'gru4rec', ...recurrent, blockDropout: 0 },
  pinnerformer: { kind: 'pinnerformer', ...wide, modelDim: 32, blockDropout: 0 },
  dssm: {
    kind: 'dssm',
    userId: false,
    history: true,
    embeddingDim: 32,
    maxSequenceLength: LENGTH,
    similarity: 'cosine',
    embeddingStd: 0.3,
  },
};

/** Where 0.01 is too bold. */
const rates: Readonly<Record<string, number>> = { pinnerformer: 0.003 };

export interface Learned {
  /** HR@1 of the newest position. */
  readonly hits: number;
  readonly steps: number;
}

/**
 * Trains until 31 of the 32 sequences have their next item first, for so many steps at most.
 *
 * BCE and pools never take a user's own labels as negatives: these objectives say nothing of the order among them, so
 * items of the history are left out there, as a recommendation does.
 */
export async function learnByHeart(
  encoder: string,
  objective: ObjectiveConfigInput,
  seed: number,
  steps = 240,
): Promise<Learned> {
  const examples = memorable(seed);
  const model = createModel(overfitEncoders[encoder], { numItems: NUM_ITEMS, seed });
  const trainer = createTrainer({
    model,
    examples,
    objective: createObjective(objective, examples),
    batchSize: 32,
    learningRate: rates[encoder] ?? 0.01,
    seed: seed + 1,
  });
  const sparesOwn = objective.kind === 'bce' || objective.kind === 'pool-softmax';
  let hits = 0;
  while (trainer.progress.globalStep < steps && hits < 31 / 32) {
    for (let epoch = 0; epoch < 20; epoch++) await trainer.runEpoch();
    hits = (await evaluate({ model, examples, ks: [1], excludeSeen: sparesOwn })).metrics['HR@1'];
  }
  const learned = { hits, steps: trainer.progress.globalStep };
  if (process.env.SEQREC_PRINT) console.log(encoder, JSON.stringify(objective), seed, learned);
  trainer.dispose();
  model.dispose();
  return learned;
}
