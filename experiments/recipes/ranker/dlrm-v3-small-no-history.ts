import { besideDlrmSmall } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'Without a history and without the user a model knows the quality of an item, and no more',
  source: 'the data: mlcommons/inference, recommendation/dlrm_v3',
  expected:
    'NE of the limit quality at best: .62 of the steps that test in the whole benchmark, .63 of those of this size',
  cost: 'to be measured',
  command: 'npx -y pnpm@12 seqrec train ranker/dlrm-v3-small-no-history',
  config: {
    ...besideDlrmSmall,
    model: {
      ...{ kind: 'mlp', userId: false, features: ['category'] },
      ...{ embeddingDim: 16, hiddenSizes: [64, 32], embeddingStd: 0.02 },
    },
    seed: 1,
  },
});
