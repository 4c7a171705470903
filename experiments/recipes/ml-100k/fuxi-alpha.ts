import { defineRecipe } from '../../src/config/recipe.ts';
import {
  exactEvaluation,
  movieLensWindow,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'FuXi-alpha, three channels and gated feed-forward parts, under the protocol of ml-100k/hstu',
  source:
    'block, width, depth and dropout of the public code (USTC-StarTeam/FuXi-alpha, configs/ml-1m), with batches of 32 and dropout .5 as ml-100k/hstu; there is no published figure under this protocol',
  expected:
    'HR@10 .217, NDCG@10 .117, HR@50 .507 on the test set (seed 42, epoch 73 by validation NDCG@10); item-kNN .172, .094, .418; popularity .074, .040, .185',
  cost: '15 minutes for 80 epochs on 2 threads of a machine shared with other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-100k/fuxi-alpha --data data',
  config: {
    data: { format: 'named', name: 'ml-100k', split: 'leave-last-out' },
    model: {
      kind: 'fuxi-alpha',
      embeddingDim: 50,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      dqk: 50,
      dv: 50,
      inputDropout: 0.5,
      linearDropout: 0.5,
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 80, batchSize: 32, shuffle: true, evaluateEvery: 1 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
