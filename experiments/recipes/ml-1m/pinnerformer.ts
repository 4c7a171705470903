import { defineRecipe } from '../../src/config/recipe.ts';
import { movieLensHistory, referenceEvaluation, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim:
    'PinnerFormer with dense all-action labels, mixed negatives and logQ, scaled down to learned item vectors and two cores',
  source:
    'Pancha et al. 2022 (arXiv:2205.04507); its data are not public, so no published figure can be rebuilt; sizes are ours',
  expected:
    'nothing is published for public data. Here: HR@10 .035 after 3 epochs (seed 42), which is the level of popularity; on ml-100k (--data.name ml-100k) it leaves that level after about 80 steps and has HR@10 .121 after 24 epochs',
  cost: 'about 35,000 tokens/s on 2 threads of a shared AMD EPYC (Zen 4), Node 24: 22 s an epoch without its evaluation',
  command: 'npx -y pnpm@12 seqrec train ml-1m/pinnerformer --data data',
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'train-test' },
    model: {
      kind: 'pinnerformer',
      embeddingDim: 64,
      ...movieLensHistory,
      modelDim: 64,
      numBlocks: 2,
      numHeads: 2,
      inputDropout: 0.1,
      blockDropout: 0.1,
      actions: 'rating',
    },
    objective: {
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 5000, random: 1024 },
      logQ: 'sketch',
      labels: { kind: 'dense-all-action', windowDays: 28, maxLabels: 32 },
      weighting: 'user',
      temperature: 0.05,
    },
    optimizer: referenceOptimizer,
    training: { epochs: 30, batchSize: 128, shuffle: true, evaluateEvery: 1 },
    evaluation: referenceEvaluation,
    seed: 42,
  },
});
