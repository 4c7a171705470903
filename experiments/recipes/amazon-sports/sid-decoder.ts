import { sidDecoder } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  sidDecoder('amazon-sports', {
    title: 'Amazon Sports',
    paper: 'Recall@10 .0400, NDCG@10 .0225',
    expected: 'no figure yet: it has not been run to the end',
    cost: 'derived from amazon-beauty/sid-decoder, which has two thirds of the events: about 80 minutes',
  }),
);
