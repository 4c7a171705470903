import { besideDlrmSmall, dlrmIdDropout } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'Without a history and without the user a model knows the quality of an item, and no more',
  source: 'the data: mlcommons/inference, recommendation/dlrm_v3',
  expected: 'NE from .56 up, the limit of the quality at this size, of items that open in the steps that test more',
  cost: 'about 20 seconds an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train ranker/dlrm-v3-small-no-history',
  config: {
    ...besideDlrmSmall,
    model: {
      ...{ kind: 'mlp', userId: false, features: ['category'], idDropout: dlrmIdDropout },
      ...{ embeddingDim: 16, hiddenSizes: [64, 32], embeddingStd: 0.02 },
    },
    seed: 1,
  },
});
