import { integers, streamKey, useBackend } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, latestWindow, makeBatch, trainTest } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../test/part.ts';
import type { HstuConfigInput } from './encoders/hstu/config.ts';
import { uploadBatch } from './inputs.ts';
import type { TokenEncoder } from './model.ts';
import type { ObjectiveConfigInput } from './objectives/config.ts';
import { createObjective } from './objectives/create.ts';
import { meanLoss, type Objective } from './objectives/objective.ts';
import { objectiveKinds } from './objectives/registry.ts';
import { createModel, type ModelConfigInput, modelKinds } from './registry.ts';
import { matrixSizes } from './test-support/encoder-case.ts';
import { casesOf } from './test-support/encoder-cases.ts';
import { createTrainer } from './train/trainer.ts';

const NUM_ITEMS = 40;
const LENGTH = matrixSizes.maxSequenceLength;

beforeAll(async () => {
  await useBackend('auto');
});

const encoders = casesOf(({ matrix }) => ({ [matrix.kind]: matrix }));
const objectives: Record<string, ObjectiveConfigInput> = {
  'sampled softmax': { kind: 'sampled-softmax', numNegatives: 16 },
  'full softmax': { kind: 'full-softmax' },
  bce: { kind: 'bce', numNegatives: 4 },
  gbce: { kind: 'gbce', numNegatives: 8 },
  'scalable cross-entropy': { kind: 'sce', bucketItems: 16 },
  'in-batch with exact logQ': { kind: 'pool-softmax', negatives: { kind: 'in-batch' }, logQ: 'exact' },
  'random negatives without logQ': { kind: 'pool-softmax', negatives: { kind: 'random', random: 32 }, logQ: 'none' },
  'mixed, sketched logQ, dense all-action, by user': {
    kind: 'pool-softmax',
    negatives: { kind: 'mixed', inBatch: 64, random: 32 },
    logQ: 'sketch',
    labels: { kind: 'dense-all-action', maxLabels: 3 },
    weighting: 'user',
  },
  'SASRec labels': { kind: 'full-softmax', labels: { kind: 'sasrec' } },
  'next action': { kind: 'full-softmax', labels: { kind: 'next-action' } },
  'all-action': { kind: 'full-softmax', labels: { kind: 'all-action', maxLabels: 2 } },
};

/** HSTU's switches, each with one objective: the others see the same encoder from outside. */
const hstuVariants: Record<string, Partial<HstuConfigInput>> = {
  production: { block: 'production' },
  'production, norm by head': { block: 'production', outputNorm: 'group' },
  rotary: { relativeBias: 'rotary' },
  'rotary softmax': { relativeBias: 'rotary', attention: 'softmax' },
  'root mean square, keys seen': { outputNorm: 'rms', normalizer: 'seen' },
  'concat, SiLU on U': { concat: true, activation: 'u' },
  'no gate, no activation': { gate: false, activation: 'none', normalizer: 'none' },
  window: { maxAttentionLength: 2 },
  'semi-local': { maxAttentionLength: 1, globalAttentionLength: 1 },
  'actions summed': { actions: 'sum' },
  'actions interleaved': { actions: 'interleave' },
};

/** 32 sequences of random items: nothing to generalise, everything to learn by heart. */
function memorable(): ExampleSet {
  const events = Array.from({ length: 32 * (LENGTH + 1) }, (_, e) => e);
  const interactions = interactionsFromArrays({
    name: 'memorable',
    users: events.map((e) => Math.floor(e / (LENGTH + 1))),
    items: integers(streamKey(3, 'memorable'), 0, events.length, 1, NUM_ITEMS),
    timestamps: events.map((e) => 1e6 + 3600 * e),
    ratings: events.map((e) => 1 + (e % 5)),
    catalogue: Array.from({ length: NUM_ITEMS }, (_, i) => ({ item: i + 1 })),
  });
  return latestWindow(trainTest(interactions).test, { maxLength: LENGTH });
}

/** Loss of all examples at a step of its own, without dropout. */
function lossOf(model: TokenEncoder, objective: Objective, examples: ExampleSet): number {
  const batch = uploadBatch(makeBatch(examples, [...examples.targets.keys()]));
  const run = { training: false, step: 10_000, seed: 1 };
  const loss = tf.tidy(() => {
    const drawn = objective.draw?.({ batch: batch.host, numItems: NUM_ITEMS, run }) ?? {};
    return meanLoss(objective.loss({ model, batch, drawn, run })).dataSync()[0];
  });
  batch.dispose();
  return loss;
}

it('covers every kind of model and of objective', () => {
  expect(Object.keys(encoders).sort()).toEqual([...modelKinds('encode')].sort());
  const kinds = new Set(Object.values(objectives).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([...objectiveKinds()].sort());
});

describe.each(Object.keys(encoders))('%s', (encoder) => {
  // Other objectives from one encoder to the next.
  const first = Object.keys(encoders).indexOf(encoder) % 3;
  const names = Object.keys(objectives);
  it.each(part([...names.slice(first), ...names.slice(0, first)], 4))('trains with %s', (name) =>
    halvesItsLoss(`${encoder} | ${name}`, encoders[encoder], objectives[name]),
  );
});

describe('hstu', () => {
  it.each(part(Object.keys(hstuVariants), 2))('trains with %s', (variant) =>
    halvesItsLoss(variant, { ...encoders.hstu, ...hstuVariants[variant] } as ModelConfigInput, {
      kind: 'full-softmax',
    }),
  );
  it('trains with actions interleaved and predicted', () =>
    halvesItsLoss('actions', { ...encoders.hstu, actions: 'interleave' } as ModelConfigInput, { actionWeight: 0.5 }));
});

async function halvesItsLoss(
  name: string,
  config: ModelConfigInput,
  objectiveConfig: ObjectiveConfigInput,
): Promise<void> {
  const examples = memorable();
  const model = createModel(config, { numItems: NUM_ITEMS, seed: 1 });
  const objective = createObjective(objectiveConfig, examples);
  const trainer = createTrainer({ model, examples, objective, batchSize: 32, learningRate: 0.02, seed: 2 });
  const before = lossOf(model, objective, examples);
  for (let step = 0; step < 40; step++) await trainer.step();
  const after = lossOf(model, objective, examples);
  if (process.env.SEQREC_PRINT) console.log(`${name} | ${before.toFixed(3)} -> ${after.toFixed(3)}`);
  expect(after).toBeLessThan(0.5 * before);
  trainer.dispose();
  model.dispose();
}
