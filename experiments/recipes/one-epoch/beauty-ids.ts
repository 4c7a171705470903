import { contrastiveIds } from '../../src/config/one-epoch-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'Vectors of users and items by a contrastive loss over ten sampled items, Amazon Beauty: pre-training of ids',
  source:
    'Taming the One-Epoch Phenomenon in Online Recommendation System by Two-stage Contrastive ID Pre-training (RecSys 2024, Pinterest), stage 1; sizes are ours',
  expected: 'no figure published; its tables are what `one-epoch/beauty-pretrained` starts from',
  cost: 'about a minute an epoch on one thread of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train one-epoch/beauty-ids --data data',
  config: contrastiveIds,
});
