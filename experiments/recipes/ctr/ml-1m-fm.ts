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
  claim: 'A factorisation machine predicts whether a film is liked, ML-1M',
  source: 'model: Rendle 2010 (ICDM); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
  expected:
    'test AUC .8975 ± .0036, log loss .3195 ± .0088 over splits and seeds 1 to 3 (`seqrec reproduce ctr/ml-1m`)',
  cost: '91 epochs in 4 min on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-fm --data data',
  config: {
    task: ctrTask,
    data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: randomRows },
    // Of 3e-6 and 1e-5 the `embeddingL2` that is best on validation; with that of `ctrTables` the AUC is .70.
    model: { kind: 'fm', ...movieLensFields, embeddingDim: 16, ...ctrTables, embeddingL2: 3e-6 },
    optimizer: ctrOptimizer,
    training: ctrTraining,
    evaluation: ctrEvaluation,
    seed: 1,
  },
});
