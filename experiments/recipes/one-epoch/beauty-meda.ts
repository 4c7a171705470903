import { rankerOfIds } from '../../src/config/one-epoch-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  rankerOfIds(
    {
      claim: 'Tables of ids start anew with every epoch, the layers go on (MEDA), Amazon Beauty with sampled negatives',
      expected: 'no figure published; `seqrec reproduce one-epoch/beauty` shows the test AUC after each epoch',
      command: 'npx -y pnpm@12 seqrec train one-epoch/beauty-meda --data data',
    },
    { renewTables: true },
  ),
);
