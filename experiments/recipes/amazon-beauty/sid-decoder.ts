import { sidDecoder } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  sidDecoder('amazon-beauty', {
    title: 'Amazon Beauty',
    paper: 'Recall@10 .0648, NDCG@10 .0384',
    expected: 'HR@10 .0721, NDCG@10 .0389 (seed 1, LSA); beside it item-kNN .0699, .0412, EASE .0756, .0436',
    cost: '15 minutes for 40 epochs, 3 of evaluations, on one thread of an AMD EPYC (Zen 5) with --blas auto, beside another run, Node 24',
  }),
);
