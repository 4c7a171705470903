import { languageModel } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

const { config, ...about } = languageModel({
  claim:
    'The language model of Amazon Beauty tuned to retrieve, on the histories of 5,000 users, from the weights of amazon-beauty/language-before',
  expected:
    'HR@10 .0490, NDCG@10 .0257; as many histories without such weights .0448, .0237 (`seqrec reproduce language/beauty`, seed 1)',
  cost: 'a minute for 24 epochs, three evaluations apart, on one thread of an Intel Emerald Rapids with OpenBLAS (--blas auto), Node 24; 1.5 GFLOP a step',
  command:
    'npx -y pnpm@12 seqrec train amazon-beauty/language-tuned --data data --from runs/RUN/checkpoints/best.safetensors --task.idsFile runs/RUN/ids.safetensors',
  tasks: { retrieve: 1 },
  histories: 5000,
});

export const recipe = defineRecipe({
  ...about,
  config: {
    ...config,
    // Of the run before: `--from`, or the table.
    initialWeights: { path: 'before' },
    training: { ...config.training, epochs: 24, evaluateEvery: 8 },
  },
});
