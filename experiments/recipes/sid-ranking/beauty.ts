import { defineRecipe } from '../../src/config/recipe.ts';
import { sidRanking, sidRankingSource } from '../../src/config/sid-ranking-reference.ts';

export const recipe = defineRecipe({
  claim: 'Pieces of semantic ids in the place of ids, in a ranker that reads histories; Amazon Beauty, drawn negatives',
  source: sidRankingSource,
  expected:
    'no figure published; `seqrec reproduce sid-ranking/beauty` sets it beside hashed ids, groups, prefixes and vectors',
  cost: '8 epochs of 30 s on one thread of a busy AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train sid-ranking/beauty --data data',
  config: sidRanking({ itemId: false, features: ['pieces12k'] }),
});
