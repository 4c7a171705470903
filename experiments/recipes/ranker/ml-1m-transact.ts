import { filmModule } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  filmModule(
    { kind: 'transact', numBlocks: 2, numHeads: 2, feedForwardDim: 32, latest: 10, timeWindow: 0, historyScale: 0.1 },
    {
      claim: 'TransAct on the requests of ranker/ml-1m: equal fields, histories and ratings',
      source: 'Xia et al. 2023 (arXiv:2306.00248)',
      cost: '10 min on one thread of a busy AMD EPYC (Zen 4), Node 24',
    },
  ),
);
