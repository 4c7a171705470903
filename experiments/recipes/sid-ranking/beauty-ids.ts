import { defineRecipe } from '../../src/config/recipe.ts';
import { sidRanking, sidRankingSource } from '../../src/config/sid-ranking-reference.ts';

export const recipe = defineRecipe({
  claim:
    'The ids of items, hashed to the rows of a table, in a ranker that reads histories; Amazon Beauty, drawn negatives',
  source: sidRankingSource,
  expected: 'no figure published; `seqrec reproduce sid-ranking/beauty` sets it beside codes',
  cost: '8 epochs of 30 s on one thread of a busy AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train sid-ranking/beauty-ids --data data',
  config: sidRanking({ itemId: true }),
});
