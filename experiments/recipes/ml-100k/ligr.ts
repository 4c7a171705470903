import { defineRecipe } from '../../src/config/recipe.ts';
import { exactEvaluation, movieLensWindow, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'LiGR, the block of eSASRec, on ML-100K under the protocol of ml-100k/hstu and ml-100k/sasrec',
  source:
    'block, width, depth and 256 negatives of eSASRec (blondered/transformer_benchmark, MobileTeleSystems/RecTools), with batches of 32 and dropout .5 as ml-100k/sasrec; there is no published figure under this protocol',
  expected:
    'HR@10 .208, NDCG@10 .106, HR@50 .488 on the test set (seed 42, epoch 73 by validation NDCG@10); item-kNN .172, .094, .418; popularity .074, .040, .185',
  cost: '12 minutes for 80 epochs on 2 threads of a machine shared with other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-100k/ligr --data data',
  config: {
    data: { format: 'named', name: 'ml-100k', split: 'leave-last-out' },
    model: {
      kind: 'transformer',
      block: 'ligr',
      embeddingDim: 64,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      inputDropout: 0.5,
      blockDropout: 0.5,
    },
    objective: { kind: 'sampled-softmax', numNegatives: 256, temperature: 0.05 },
    optimizer: referenceOptimizer,
    training: { epochs: 80, batchSize: 32, shuffle: true, evaluateEvery: 1 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
