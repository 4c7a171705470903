import { sidDecoder } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  sidDecoder('amazon-beauty', {
    title: 'Amazon Beauty',
    paper: 'Recall@10 .0648, NDCG@10 .0384',
    expected: 'HR@10 .0697, NDCG@10 .0369 (seed 1, LSA); beside it item-kNN .0699, .0412, EASE .0756, .0436',
    cost: '54 minutes for 40 epochs, four evaluations and the baselines on two threads of an AMD EPYC (Zen 4) beside other work, Node 24',
  }),
);
