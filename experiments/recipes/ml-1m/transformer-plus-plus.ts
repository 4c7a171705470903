import { defineRecipe } from '../../src/config/recipe.ts';
import {
  movieLensHistory,
  referenceEvaluation,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'Transformer++ (rotary positions, RMS norms, gated units) at the width and depth of ml-1m/hstu',
  source:
    'the baseline of that name in Zhai et al. 2024, table 5 (arXiv:2402.17152), industrial data only; no figure on ML-1M is published. Same objective, optimiser and protocol as ml-1m/hstu',
  expected:
    'no figure is published. Here: HR@10 .122, NDCG@10 .062, HR@50 .324, HR@200 .576 after 3 epochs (seed 42); not yet trained to the end',
  cost: 'about 22,000 tokens/s on 2 threads of a shared AMD EPYC (Zen 4), Node 24: 40 s an epoch with its evaluation',
  command: 'npx -y pnpm@12 seqrec train ml-1m/transformer-plus-plus --data data',
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'train-test' },
    model: {
      kind: 'transformer-plus-plus',
      embeddingDim: 50,
      ...movieLensHistory,
      numBlocks: 2,
      numHeads: 1,
      inputDropout: 0.2,
      blockDropout: 0.2,
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 101, batchSize: 128, shuffle: true, evaluateEvery: 1 },
    evaluation: referenceEvaluation,
    seed: 42,
  },
});
