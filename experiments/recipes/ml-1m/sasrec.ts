import { defineRecipe } from '../../src/config/recipe.ts';
import {
  movieLensWindow,
  referenceEvaluation,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';
import { sasrecSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'SASRec with sampled softmax, the baseline that HSTU is compared with on ML-1M',
  source:
    'hyper-parameters and figure: meta-recsys/generative-recommenders, README of 15 April 2024 and configs/ml-1m; Zhai et al. 2024, table 4 (arXiv:2402.17152)',
  expected:
    'HR@10 .2853, NDCG@10 .1603, HR@50 .5474, HR@200 .7528 (last event of every user, exact rank over 3,883 movies, after about 100 epochs; runs differ by .005 or more). Here: .2836 ± .0040, .1593 ± .0035, .5565, .7555 after 101 epochs (seeds 1 to 3), HR@10 .150 after 5 (seed 42)',
  cost: '13 minutes for 101 epochs with their evaluations on 1 thread of an AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-1m/sasrec --data data',
  space: sasrecSpace,
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'train-test' },
    model: {
      kind: 'sasrec',
      embeddingDim: 50,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      inputDropout: 0.2,
      ffnDim: 50,
      ffnDropout: 0.2,
      activation: 'relu',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 101, batchSize: 128, shuffle: true, evaluateEvery: 1 },
    evaluation: referenceEvaluation,
    seed: 42,
  },
});
