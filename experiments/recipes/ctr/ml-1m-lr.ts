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
  claim: 'Logistic regression of ids and features predicts whether a film is liked, ML-1M',
  source:
    'model: logistic regression; task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
  expected: 'test AUC about .875, log loss about .343 (measured by a program of ours in numpy, one seed)',
  cost: 'not measured; a step costs a small part of one of ctr/ml-1m-mlp',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-lr --data data',
  config: {
    task: ctrTask,
    data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: randomRows },
    // Of 0, 1e-6, 3e-6 and 1e-5 the `embeddingL2` that is best on validation.
    model: { kind: 'lr', ...movieLensFields, ...ctrTables, embeddingL2: 1e-6 },
    optimizer: { ...ctrOptimizer, learningRate: 3e-3 },
    training: ctrTraining,
    evaluation: ctrEvaluation,
    seed: 1,
  },
});
