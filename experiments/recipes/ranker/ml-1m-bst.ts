import { filmModule } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  filmModule(
    { kind: 'bst', numBlocks: 1, numHeads: 2, feedForwardDim: 96, historyScale: 0.1 },
    {
      claim: 'BST on the requests of ranker/ml-1m: equal fields, histories and ratings',
      source: 'Chen et al. 2019 (arXiv:1905.06874)',
      cost: '6 min on one thread of a busy AMD EPYC (Zen 4), Node 24',
    },
  ),
);
