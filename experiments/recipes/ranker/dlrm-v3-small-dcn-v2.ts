import { besideDlrmSmall, dlrmIdDropout } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'DCN-V2 on the user, the item and its category of the same rows, without histories',
  source: 'the data: mlcommons/inference, recommendation/dlrm_v3; DCN-V2: Wang et al. 2021 (arXiv:2008.13535)',
  expected: 'no figure published at this size; NE .382 (seed 1)',
  cost: 'about 20 seconds an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train ranker/dlrm-v3-small-dcn-v2',
  config: {
    ...besideDlrmSmall,
    model: {
      kind: 'dcn-v2',
      features: ['category'],
      idDropout: dlrmIdDropout,
      ...{ embeddingDim: 16, crossLayers: 3, hiddenSizes: [128, 64], dropout: 0.1, embeddingStd: 0.02 },
    },
    seed: 1,
  },
});
