import { filmModule } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  filmModule(
    { kind: 'din', attentionHiddenSizes: [64] },
    {
      claim: 'DIN on the requests of ranker/ml-1m: equal fields, histories and ratings',
      source: 'Zhou et al. 2018 (arXiv:1706.06978)',
      cost: '1 min 43 s on one thread of a busy AMD EPYC (Zen 4), Node 24',
    },
  ),
);
