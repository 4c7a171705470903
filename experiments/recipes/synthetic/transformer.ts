import { defineRecipe } from '../../src/config/recipe.ts';
import {
  referenceObjective,
  referenceOptimizer,
  syntheticEvaluation,
  syntheticWorld,
} from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'The softmax Transformer that synthetic/hstu is compared with: same width, depth, heads, steps and seed',
  source:
    'Zhai et al. 2024, section 3.1, table 2 and appendix C (arXiv:2402.17152); width, depth, batch and learning rate are not published',
  expected: 'HR@10 .0658, HR@50 .3253 (seed 42), below synthetic/hstu',
  cost: '3 minutes on 2 threads of an AMD EPYC (Zen 4), Node 24',
  command: 'npx -y pnpm@12 seqrec train synthetic/transformer',
  config: {
    data: syntheticWorld,
    model: {
      kind: 'transformer',
      embeddingDim: 64,
      maxSequenceLength: 128,
      outputLength: 1,
      numBlocks: 2,
      numHeads: 2,
      inputDropout: 0,
      blockDropout: 0,
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 1, batchSize: 32, shuffle: false, evaluateEvery: 1 },
    evaluation: syntheticEvaluation,
    seed: 42,
  },
});
