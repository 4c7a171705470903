import {
  dlrmSmall,
  rankerEvaluation,
  rankerOptimizer,
  rankerTask,
  smallRanker,
} from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'Without an item table HSTU knows the category of a candidate from the history, and not its quality',
  source: 'mlcommons/inference, recommendation/dlrm_v3, and meta-recsys/generative-recommenders; the size is ours',
  expected: 'no better than the limit place and phase, whose phase the newest events of the history tell in part',
  cost: 'about 8 minutes an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24: 36,000 requests',
  command: 'npx -y pnpm@12 seqrec train ranker/dlrm-v3-small-no-table',
  config: {
    task: rankerTask,
    data: dlrmSmall,
    model: {
      ...smallRanker,
      ...{ itemId: false, features: ['category'], userHistory: { maxEvents: 512 } },
      actions: { kind: 'ratings', bounds: [1, 2, 3, 4, 5] },
    },
    optimizer: rankerOptimizer,
    training: { epochs: 8, batchSize: 32, shuffle: true, evaluateEvery: 1, patience: 2 },
    evaluation: rankerEvaluation,
    seed: 1,
  },
});
