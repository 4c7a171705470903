import { languageModel } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe(
  languageModel({
    claim:
      'Amazon Beauty by a small language model over words and codes, trained from scratch on retrieval, hidden items, choices of two, titles from codes and codes from titles',
    expected: 'HR@10 .0490, NDCG@10 .0249; retrieval alone .0527, .0273 (`seqrec reproduce language/beauty`, seed 1)',
    cost: '20 minutes for 20 epochs of all tasks, 4 of retrieval alone, on one thread of an Intel Emerald Rapids with OpenBLAS (--blas auto) beside other work, Node 24; 8.2 GFLOP a step',
    command: 'npx -y pnpm@12 seqrec train amazon-beauty/language --data data',
    tasks: { retrieve: 1, masked: 1, preferred: 1, toTitle: 1, fromTitle: 1 },
  }),
);
