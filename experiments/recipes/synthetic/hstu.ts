import { defineRecipe } from '../../src/config/recipe.ts';
import {
  referenceObjective,
  referenceOptimizer,
  syntheticEvaluation,
  syntheticWorld,
} from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'Pointwise SiLU attention beats softmax attention on a stream whose vocabulary grows',
  source:
    'Zhai et al. 2024, section 3.1, table 2 and appendix C (arXiv:2402.17152); width, depth, batch and learning rate are not published',
  expected:
    'HR@10 and HR@50 above those of synthetic/transformer; the paper has HR@10 .0893 against .0442 at full size (a million records of 128 events, 20,000 items, 100 categories)',
  cost: 'to be measured',
  command: 'npx -y pnpm@12 seqrec train synthetic/hstu',
  config: {
    data: syntheticWorld,
    model: {
      kind: 'hstu',
      embeddingDim: 64,
      maxSequenceLength: 128,
      outputLength: 1,
      numBlocks: 2,
      numHeads: 2,
      dqk: 32,
      dv: 32,
      inputDropout: 0,
      linearDropout: 0,
      relativeBias: 'none',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 1, batchSize: 32, shuffle: false, evaluateEvery: 1 },
    evaluation: syntheticEvaluation,
    seed: 42,
  },
});
