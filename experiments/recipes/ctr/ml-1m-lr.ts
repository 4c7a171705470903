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
  expected:
    'test AUC .8738 ± .0031, log loss .3453 ± .0069 over splits and seeds 1 to 3 (`seqrec reproduce ctr/ml-1m`)',
  cost: 'about 1 min on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
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
