import { defineRecipe } from '../../src/config/recipe.ts';
import { exactEvaluation, movieLensWindow, referenceOptimizer } from '../../src/config/reference.ts';
import { ligrSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'LiGR with sampled softmax, eSASRec, at the width, depth, dropout and length of its ML-1M row',
  source:
    'blondered/transformer_benchmark, leave-one-out ML-1M: R@10 .3133, NDCG@10 .1772. Differs: cosines over a temperature instead of inner products, 256 draws a position instead of a batch, validation NDCG@10 of all users, a fixed number of epochs',
  expected: 'published under another preparation of the data: HR@10 .3133, NDCG@10 .1772. Not trained to the end here',
  cost: 'a step of 164 ms on 2 threads of an AMD EPYC (Zen 4), Node 24, where that of ml-1m/hstu takes 56 (`seqrec bench step --recipe ml-1m/ligr`)',
  command: 'npx -y pnpm@12 seqrec train ml-1m/ligr --data data',
  space: ligrSpace,
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'leave-last-out' },
    model: {
      kind: 'transformer',
      block: 'ligr',
      embeddingDim: 64,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      inputDropout: 0.1,
      blockDropout: 0.1,
    },
    objective: { kind: 'sampled-softmax', numNegatives: 256, temperature: 0.05 },
    optimizer: referenceOptimizer,
    training: { epochs: 100, batchSize: 128, shuffle: true, evaluateEvery: 1 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
