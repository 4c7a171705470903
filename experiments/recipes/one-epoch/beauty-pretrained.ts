import { idsFrom, rankerOfIds } from '../../src/config/one-epoch-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  rankerOfIds(
    {
      claim:
        'Ids from contrastive pre-training, with a tenth of the learning rate, Amazon Beauty with sampled negatives',
      expected: 'no figure published; `seqrec reproduce one-epoch/beauty` shows the test AUC after each epoch',
      command: 'npx -y pnpm@12 seqrec train one-epoch/beauty-pretrained --data data',
    },
    { initialTables: idsFrom, tablesRate: 3e-4 },
  ),
);
