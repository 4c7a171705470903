import {
  filmEvaluation,
  filmFields,
  lastFilms,
  rankerOptimizer,
  rankerTask,
} from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'DCN-V2 on the fields of ranker/ml-1m and its rows, without histories',
  source: 'Wang et al. 2021 (arXiv:2008.13535); the task: DLRM-v3 (meta-recsys/generative-recommenders)',
  expected: 'no figure published; test AUC .713, GAUC .649, NE .900 (one seed), as the mean of the film',
  cost: '2 min on one thread of a busy AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train ranker/ml-1m-dcn-v2 --data data',
  config: {
    task: rankerTask,
    data: lastFilms,
    model: {
      kind: 'dcn-v2',
      ...filmFields,
      ...{
        embeddingDim: 16,
        crossLayers: 3,
        hiddenSizes: [128, 64],
        dropout: 0.2,
        embeddingStd: 1e-4,
        embeddingL2: 0.003,
      },
    },
    optimizer: rankerOptimizer,
    training: { epochs: 60, batchSize: 512, shuffle: true, evaluateEvery: 1, patience: 5 },
    evaluation: filmEvaluation,
    seed: 1,
  },
});
