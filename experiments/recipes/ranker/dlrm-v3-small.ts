import {
  dlrmIdDropout,
  dlrmSmall,
  rankerEvaluation,
  rankerOptimizer,
  rankerTask,
  smallRanker,
} from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim:
    'HSTU ranks the candidates of a request from the history and an item table, on data whose best scores are known',
  source:
    'mlcommons/inference, recommendation/dlrm_v3 (the data and the form of the model), and meta-recsys/generative-recommenders (its layers); the size is ours',
  expected:
    'no figure published at this size; NE from .23, the limit of place and seen quality, up: .358 (seed 1), and .445 without `idDropout`',
  cost: 'about 5 minutes an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24: 36,000 requests',
  command: 'npx -y pnpm@12 seqrec train ranker/dlrm-v3-small',
  config: {
    task: rankerTask,
    data: dlrmSmall,
    model: {
      ...smallRanker,
      features: ['category'],
      idDropout: dlrmIdDropout,
      userHistory: { maxEvents: 512 },
      actions: { kind: 'ratings', bounds: [1, 2, 3, 4, 5] },
    },
    optimizer: rankerOptimizer,
    training: { epochs: 8, batchSize: 32, shuffle: true, evaluateEvery: 1, patience: 2 },
    evaluation: rankerEvaluation,
    seed: 1,
  },
});
