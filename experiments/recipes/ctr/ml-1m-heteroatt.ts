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
  claim: 'HeteroAtt, attention among fields with maps of their own, predicts whether a film is liked, ML-1M',
  source:
    'model: Gui et al. 2023 (arXiv:2311.05884), at widths for vectors of 16; task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
  expected: 'no figure published for this task; within .005 of the AUC of DCN-V2',
  cost: '145 steps an epoch; an epoch took 6 min on one thread of an AMD EPYC (Zen 4) under much other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-heteroatt --data data',
  config: {
    task: ctrTask,
    data: { format: 'named', name: 'ml-1m', label: likedOrNot, split: randomRows },
    model: {
      kind: 'field-attention',
      ...movieLensFields,
      embeddingDim: 16,
      form: 'hetero',
      blocks: 2,
      heads: 4,
      queryDim: 16,
      valueDim: 16,
      dropout: 0.1,
      ...ctrTables,
    },
    optimizer: ctrOptimizer,
    training: ctrTraining,
    evaluation: ctrEvaluation,
    seed: 1,
  },
});
