import { sidDecoder } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  sidDecoder('amazon-sports', {
    title: 'Amazon Sports',
    paper: 'Recall@10 .0400, NDCG@10 .0225',
    expected: 'HR@10 .0429, NDCG@10 .0228 (seed 1, LSA of attributes); beside it item-kNN .0391, .0232',
    cost: '27 minutes for 40 epochs, 6 of evaluations, on one thread of an AMD EPYC (Zen 5) with --blas auto, beside two other runs, Node 24',
  }),
);
