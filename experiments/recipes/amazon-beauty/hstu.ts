import { defineRecipe } from '../../src/config/recipe.ts';
import { exactEvaluation, referenceObjective, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'x',
  source: 'x',
  expected: 'x',
  cost: 'x',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/hstu --data data',
  config: {
    data: { format: 'named', name: 'amazon-beauty', split: 'global-time' },
    model: {
      kind: 'hstu',
      embeddingDim: 64,
      maxSequenceLength: 50,
      outputLength: 11,
      numBlocks: 2,
      numHeads: 1,
      dqk: 64,
      dv: 64,
      inputDropout: 0.5,
      linearDropout: 0.5,
      relativeBias: 'position-time',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 20, batchSize: 128, shuffle: true, evaluateEvery: 2 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
