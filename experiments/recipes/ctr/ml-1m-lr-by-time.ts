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
  claim: 'Logistic regression of ids and features predicts whether a film is liked later, ML-1M split by time',
  source:
    'model: logistic regression; task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
  expected:
    'no figure published; about .05 less AUC than with the random split, which trains on later ratings of the same users',
  cost: 'not measured; a step costs a small part of one of ctr/ml-1m-mlp',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-lr-by-time --data data',
  config: {
    task: ctrTask,
    data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: rowsByTime },
    model: { kind: 'lr', ...movieLensFields, ...ctrTables, embeddingL2: 1e-6 },
    optimizer: { ...ctrOptimizer, learningRate: 3e-3 },
    training: ctrTraining,
    evaluation: ctrEvaluation,
    seed: 1,
  },
});
