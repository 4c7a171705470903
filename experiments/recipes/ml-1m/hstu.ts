import { defineRecipe } from '../../src/config/recipe.ts';
import {
  movieLensWindow,
  referenceEvaluation,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';
import { hstuSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'HSTU beats SASRec on ML-1M at the same width and depth',
  source:
    'hyper-parameters and figure: meta-recsys/generative-recommenders, README of 15 April 2024 and configs/ml-1m; Zhai et al. 2024, table 4 (arXiv:2402.17152)',
  expected:
    'HR@10 .3097, NDCG@10 .1720, HR@50 .5754, HR@200 .7716 (last event of every user, exact rank over 3,883 movies, after about 100 epochs; runs differ by .005 or more); after 5 epochs HR@10 .21 to .22. Here: .3011 ± .0073, .1714 ± .0028, .5759, .7711 after 101 epochs (seeds 1 to 3), .221 after 5 (seed 42)',
  cost: '4.5 minutes for 101 epochs with their evaluations on 2 threads of an AMD EPYC (Zen 5), 6 of a Zen 4, Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-1m/hstu --data data',
  space: hstuSpace,
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'train-test' },
    model: {
      kind: 'hstu',
      embeddingDim: 50,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      dqk: 50,
      dv: 50,
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
