import { defineRecipe } from '../../src/config/recipe.ts';
import {
  movieLensWindow,
  referenceEvaluation,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'HSTU gains from depth: four times the blocks, twice the heads, the same width',
  source:
    'hyper-parameters and figure: meta-recsys/generative-recommenders, README of 15 April 2024 and configs/ml-1m; Zhai et al. 2024, table 4 (arXiv:2402.17152)',
  expected:
    'HR@10 .3294, NDCG@10 .1893, HR@50 .5935, HR@200 .7839 (last event of every user, exact rank over 3,883 movies, after about 100 epochs). Here: .3264 ± .0093, .1878 ± .0044, .5945, .7856 after 101 epochs (seeds 1 to 3)',
  cost: '15 minutes for 101 epochs with their evaluations on 2 threads of an AMD EPYC (Zen 5), Node 24; 44 on 1 thread of a Zen 4',
  command: 'npx -y pnpm@12 seqrec train ml-1m/hstu-large --data data',
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'train-test' },
    model: {
      kind: 'hstu',
      embeddingDim: 50,
      ...movieLensWindow,
      numBlocks: 8,
      numHeads: 2,
      dqk: 25,
      dv: 25,
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
