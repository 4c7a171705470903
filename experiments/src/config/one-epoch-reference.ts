// What the recipes of the one-epoch phenomenon share: Amazon Beauty as clicks, with sampled rows of label 0.

import type { WrittenRecipe } from './recipe.ts';
import type { RunConfigInput } from './run-config.ts';

const beautyWith = (perPositive: number) => ({
  format: 'named' as const,
  name: 'amazon-beauty' as const,
  sampledNegatives: { perPositive, seed: 1 },
  // A tenth of the events tests with what was drawn for them, and is watched after every epoch. Which events those are
  // does not depend on how many rows are drawn for each.
  split: { kind: 'random' as const, test: 0.1, validation: 0, seed: 1, examples: 'points' as const },
});

const WIDTH = 32;

/** Vectors of users and items whose product tells the item from ten drawn ones: pre-training of ids. */
export const contrastiveIds: RunConfigInput = {
  task: { kind: 'ranking', loss: 'listwise', group: 'request' },
  data: beautyWith(10),
  model: { kind: 'fm', embeddingDim: WIDTH, embeddingStd: 0.1 },
  optimizer: { learningRate: 5e-3, beta2: 0.999 },
  training: { epochs: 8, batchSize: 4096, shuffle: true, evaluateEvery: 8 },
  evaluation: { batchSize: 8192, checkpoint: 'last', baselines: [] },
  seed: 1,
};

/** What becomes of the tables of ids. */
interface Arm {
  /** A checkpoint that they start from. */
  readonly initialTables?: { readonly path: string };
  /** Their learning rate; default that of the layers. */
  readonly tablesRate?: number;
  /** They start anew with every epoch. */
  readonly renewTables?: boolean;
}

/** A ranker of ids alone. */
export function rankerOfIds(
  about: Pick<WrittenRecipe, 'claim' | 'expected' | 'command'>,
  { initialTables, tablesRate, renewTables }: Arm = {},
): WrittenRecipe {
  return {
    ...about,
    source:
      'Taming the One-Epoch Phenomenon in Online Recommendation System by Two-stage Contrastive ID Pre-training (RecSys 2024, Pinterest); control: MEDA (arXiv:2305.19531)',
    cost: 'under a minute an epoch on one thread of an AMD EPYC (Zen 4) beside other work, Node 24',
    config: {
      task: { kind: 'ranking' },
      data: beautyWith(4),
      ...(initialTables && { initialTables }),
      model: { kind: 'mlp', embeddingDim: WIDTH, embeddingStd: 0.1, hiddenSizes: [64, 32] },
      optimizer: {
        learningRate: 3e-3,
        beta2: 0.999,
        ...(tablesRate !== undefined && { tables: { learningRate: tablesRate } }),
      },
      training: { epochs: 6, batchSize: 512, shuffle: true, evaluateEvery: 1, ...(renewTables && { renewTables }) },
      evaluation: { batchSize: 8192, checkpoint: 'last', baselines: ['item-mean'] },
      seed: 1,
    },
  };
}

/** Where `seqrec reproduce one-epoch/beauty` puts another path. */
export const idsFrom = { path: 'ids.safetensors' };
