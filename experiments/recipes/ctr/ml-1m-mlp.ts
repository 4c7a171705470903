import {
  ctrEvaluation,
  ctrOptimizer,
  ctrTables,
  ctrTask,
  ctrTraining,
  likedOrNot,
  movieLensFields,
  randomRows,
} from '../../src/config/ctr-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'Three hidden layers of 400 over the same fields predict whether a film is liked, ML-1M',
  source:
    'model: the deep part of DCN-V2, Wang et al. 2021 (arXiv:2008.13535); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
  expected: 'no figure published',
  cost: 'not measured',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-mlp --data data',
  config: {
    task: ctrTask,
    data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: randomRows },
    model: {
      kind: 'mlp',
      ...movieLensFields,
      embeddingDim: 16,
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
