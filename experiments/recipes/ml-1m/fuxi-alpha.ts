import { defineRecipe } from '../../src/config/recipe.ts';
import {
  movieLensWindow,
  referenceEvaluation,
  referenceObjective,
  referenceOptimizer,
} from '../../src/config/reference.ts';
import { fuxiAlphaSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'FuXi-alpha at the width, depth, objective and protocol of ml-1m/hstu',
  source:
    'hyper-parameters: USTC-StarTeam/FuXi-alpha, configs/ml-1m/fuxi-sampled-softmax-n128-final.gin; Ye et al. 2025 (arXiv:2502.03036)',
  expected:
    'HR@10 .3164, NDCG@10 .1813 under the leave-one-out preparation of eSASRec (blondered/transformer_benchmark). Not trained to the end here',
  cost: 'a step of 131 ms on 2 threads of an AMD EPYC (Zen 4), Node 24, where that of ml-1m/hstu takes 56 (`seqrec bench step --recipe ml-1m/fuxi-alpha`)',
  command: 'npx -y pnpm@12 seqrec train ml-1m/fuxi-alpha --data data',
  space: fuxiAlphaSpace,
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'train-test' },
    model: {
      kind: 'fuxi-alpha',
      embeddingDim: 50,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 1,
      dqk: 50,
      dv: 50,
      inputDropout: 0.2,
      linearDropout: 0.2,
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    training: { epochs: 101, batchSize: 128, shuffle: true, evaluateEvery: 1 },
    evaluation: referenceEvaluation,
    seed: 42,
  },
});
