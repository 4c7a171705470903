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
  claim: 'A factorisation machine predicts whether a film is liked later, ML-1M split by time',
  source: 'model: Rendle 2010 (ICDM); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
  expected:
    'no figure published; about .05 less AUC than with the random split, which trains on later ratings of the same users',
  cost: 'not measured; a step costs a small part of one of ctr/ml-1m-mlp',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-fm-by-time --data data',
  config: {
    task: ctrTask,
    data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: rowsByTime },
    model: { kind: 'fm', ...movieLensFields, embeddingDim: 16, ...ctrTables, embeddingL2: 3e-6 },
    optimizer: ctrOptimizer,
    training: ctrTraining,
    evaluation: ctrEvaluation,
    seed: 1,
  },
});
