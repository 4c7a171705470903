import { useBackend } from '@seqrec/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ObjectiveConfigInput } from './objectives/config.ts';
import { objectiveKinds } from './objectives/registry.ts';
import { learnByHeart, overfitEncoders } from './test-support/overfit.ts';

beforeAll(async () => {
  await useBackend('auto');
});

/**
 * Objectives whose newest position has one label, the target: these claim that a model learns it by heart. Random
 * cuts do not, nor does an `actionWeight`, which shares the loss.
 */
const objectives: Readonly<Record<string, ObjectiveConfigInput>> = {
  'sampled softmax': { kind: 'sampled-softmax', numNegatives: 64 },
  'full softmax': { kind: 'full-softmax' },
  bce: { kind: 'bce', numNegatives: 16 },
  gbce: { kind: 'gbce', numNegatives: 32 },
  'scalable cross-entropy': { kind: 'sce', bucketItems: 32 },
  'in-batch with exact logQ': { kind: 'pool-softmax', negatives: { kind: 'in-batch' }, logQ: 'exact' },
  'random negatives': { kind: 'pool-softmax', negatives: { kind: 'random', random: 64 }, logQ: 'none' },
  'mixed, sketched logQ, by user': {
    kind: 'pool-softmax',
    negatives: { kind: 'mixed', inBatch: 64, random: 32 },
    logQ: 'sketch',
    weighting: 'user',
  },
  'SASRec labels': { kind: 'full-softmax', labels: { kind: 'sasrec' } },
  'next action': { kind: 'full-softmax', labels: { kind: 'next-action' } },
  'all-action': { kind: 'full-softmax', labels: { kind: 'all-action', cut: 'last' } },
  'dense all-action': { kind: 'full-softmax', labels: { kind: 'dense-all-action' } },
};

it('covers every kind of objective', () => {
  const kinds = new Set(Object.values(objectives).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([...objectiveKinds()].sort());
});

describe.each(Object.keys(overfitEncoders))('%s', (encoder) => {
  describe.each(Object.keys(objectives))('with %s', (objective) => {
    it.each([1, 2, 3])('learns 32 sequences by heart, seed %i', async (seed) => {
      const { hits } = await learnByHeart(encoder, objectives[objective], seed, 600);
      expect(hits).toBeGreaterThanOrEqual(0.95);
    });
  });
});
