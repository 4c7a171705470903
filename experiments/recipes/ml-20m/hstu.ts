import { defineRecipe } from '../../src/config/recipe.ts';
import {
  movieLensWindow,
  referenceEvaluation,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';
import { hstuSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'HSTU on ML-20M',
  source:
    'hyper-parameters and figure: meta-recsys/generative-recommenders, README of 15 April 2024 and configs/ml-20m; Zhai et al. 2024, table 4 (arXiv:2402.17152)',
  expected:
    'HR@10 .3273, NDCG@10 .1895, HR@50 .5889, HR@200 .7952 (last event of every user, exact rank over 27,278 movies)',
  cost: 'not run here: 1,082 steps an epoch at width 256; for a large machine',
  command: 'npx -y pnpm@12 seqrec train ml-20m/hstu --data data',
  space: hstuSpace,
  config: {
    data: { format: 'named', name: 'ml-20m', split: 'train-test' },
    model: {
      kind: 'hstu',
      embeddingDim: 256,
      ...movieLensWindow,
      numBlocks: 4,
      numHeads: 4,
      dqk: 64,
      dv: 64,
      inputDropout: 0.2,
      linearDropout: 0.2,
      relativeBias: 'position-time',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 101, batchSize: 128, shuffle: true, evaluateEvery: 1 },
    evaluation: referenceEvaluation,
    seed: 42,
  },
});
