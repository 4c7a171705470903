import { languageModel } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

const { config, ...about } = languageModel({
  claim:
    'The language model of Amazon Beauty before it has been asked to retrieve: hidden items, choices of two, titles',
  expected: 'none: its figures are of a question that it was not trained on',
  cost: '30 minutes for 20 epochs on one thread of an Intel Emerald Rapids with OpenBLAS (--blas auto) beside other work, Node 24; 6.7 GFLOP a step',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/language-before --data data',
  tasks: { masked: 1, preferred: 1, toTitle: 1, fromTitle: 1 },
});

// Retrieval says nothing of which epoch is best: the last one counts.
export const recipe = defineRecipe({
  ...about,
  config: { ...config, training: { ...config.training, evaluateEvery: 20 } },
});
