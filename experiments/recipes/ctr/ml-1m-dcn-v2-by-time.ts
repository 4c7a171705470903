import {
  ctrEvaluation,
  ctrOptimizer,
  ctrTables,
  ctrTask,
  ctrTraining,
  likedOrNot,
  movieLensFields,
  rowsByTime,
} from '../../src/config/ctr-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim:
    'DCN-V2 (3 cross layers beside 3 hidden layers of 400) predicts whether a film is liked later, ML-1M split by time',
  source:
    'model: Wang et al. 2021 (arXiv:2008.13535); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
  expected:
    'no figure published; test AUC .8515, log loss .3891, GAUC .8323 (measured with FuxiCTR 2.3.10, one seed); the random split, which trains on later ratings of the same users, gives .05 more',
  cost: 'not measured; an epoch costs what one of ctr/ml-1m-dcn-v2 does',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-dcn-v2-by-time --data data',
  config: {
    task: ctrTask,
    data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: rowsByTime },
    model: {
      kind: 'dcn-v2',
      ...movieLensFields,
      embeddingDim: 16,
      crossLayers: 3,
      hiddenSizes: [400, 400, 400],
      dropout: 0.2,
      ...ctrTables,
    },
    optimizer: ctrOptimizer,
    training: ctrTraining,
    evaluation: ctrEvaluation,
    seed: 1,
  },
});
