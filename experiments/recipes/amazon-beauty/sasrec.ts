import { defineRecipe } from '../../src/config/recipe.ts';
import { exactEvaluation, referenceObjective, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'x',
  source: 'x',
  expected: 'x',
  cost: 'x',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/sasrec --data data',
  config: {
    data: { format: 'named', name: 'amazon-beauty', split: 'global-time' },
    model: {
      kind: 'sasrec',
      embeddingDim: 64,
      maxSequenceLength: 50,
      outputLength: 11,
      numBlocks: 2,
      numHeads: 1,
      inputDropout: 0.5,
      ffnDim: 64,
      ffnDropout: 0.5,
      activation: 'relu',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 20, batchSize: 128, shuffle: true, evaluateEvery: 2 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
