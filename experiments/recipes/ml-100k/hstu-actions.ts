import { defineRecipe } from '../../src/config/recipe.ts';
import {
  exactEvaluation,
  movieLensWindow,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim:
    'HSTU with interleaved actions on ML-100K predicts ratings (normalised entropy below 1) and the next item with one network',
  source:
    'Zhai et al. 2024, table 1 (arXiv:2402.17152), with ratings as actions; sizes and optimiser of ml-100k/hstu; there is no published figure under this protocol',
  expected:
    'on the test set (seed 42, epoch 39 by validation NDCG@10): HR@10 .170, NDCG@10 .089, HR@50 .452; with seqrec evaluate latest --actions 4: NE .922 over the ids, NE .853 and AUC .760 of ratings of at least 4',
  cost: '57 s for 40 epochs on 2 threads of an AMD EPYC (Zen 5), Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-100k/hstu-actions --data data',
  config: {
    data: { format: 'named', name: 'ml-100k', split: 'leave-last-out' },
    model: {
      kind: 'hstu',
      actions: 'interleave',
      embeddingDim: 50,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      dqk: 50,
      dv: 50,
      inputDropout: 0.5,
      linearDropout: 0.5,
      relativeBias: 'position-time',
    },
    objective: { ...referenceObjective, actionWeight: 0.2 },
    optimizer: referenceOptimizer,
    training: { epochs: 40, batchSize: 32, shuffle: true, evaluateEvery: 1 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
