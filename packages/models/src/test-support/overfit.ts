import { integers, streamKey } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import { evaluate } from '../evaluate/evaluate.ts';
import type { ObjectiveConfigInput } from '../objectives/config.ts';
import { createObjective } from '../objectives/create.ts';
import { createModel } from '../registry.ts';
import { createTrainer } from '../train/trainer.ts';
import { overfitSizes } from './encoder-case.ts';
import { casesOf, encoderCases } from './encoder-cases.ts';

const NUM_ITEMS = 60;
const LENGTH = overfitSizes.maxSequenceLength;

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

/** One of each kind, and the layers of HSTU that differ most. */
export const overfitEncoders = casesOf(({ overfit }) => overfit);

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
    learningRate: encoderCases[overfitEncoders[encoder].kind].overfitRate ?? 0.01,
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
