import { defineRecipe } from '../../src/config/recipe.ts';
import {
  exactEvaluation,
  movieLensWindow,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim:
    'The production block of HSTU (affine norms, SiLU on U alone, [U, O, U * LN(O)], places and ages counted from the newest event) on ML-100K, beside ml-100k/hstu',
  source:
    'block: `STULayer` and its defaults in meta-recsys/generative-recommenders, `modules/stu.py`; sizes and optimiser of ml-100k/hstu; there is no published figure under this protocol',
  expected:
    'HR@10 .176, NDCG@10 .091, HR@50 .448 on the test set (seed 42, epoch 37 by validation NDCG@10, 40 epochs); ml-100k/hstu .207, .111, .493 after 80; item-kNN .172, .094, .418',
  cost: '31 s for 40 epochs on 2 threads of an AMD EPYC (Zen 5), Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-100k/hstu-production --data data',
  config: {
    data: { format: 'named', name: 'ml-100k', split: 'leave-last-out' },
    model: {
      kind: 'hstu',
      block: 'production',
      embeddingDim: 50,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      dqk: 50,
      dv: 50,
      inputDropout: 0.5,
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 40, batchSize: 32, shuffle: true, evaluateEvery: 1 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
