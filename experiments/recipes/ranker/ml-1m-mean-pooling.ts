import { filmModule } from '../../src/config/ranker-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  filmModule(
    { kind: 'mean-pooling' },
    {
      claim: 'The mean of the history on the requests of ranker/ml-1m: equal fields, histories and ratings',
      source: 'no paper: the baseline that pooling is measured against',
      cost: '39 s on one thread of a busy AMD EPYC (Zen 4), Node 24',
    },
  ),
);
