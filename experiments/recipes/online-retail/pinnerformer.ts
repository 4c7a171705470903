import { defineRecipe } from '../../src/config/recipe.ts';
import { exactEvaluation, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim:
    'PinnerFormer with dense all-action labels on a year of purchases: one vector a customer for all purchases of the next 14 days',
  source:
    'Pancha et al. 2022 (arXiv:2205.04507); its data are not public, so no published figure can be rebuilt; sizes are ours',
  expected:
    'nothing is published for public data. Here, seed 42, last epoch, `seqrec evaluate RUN --checkpoint last --future 14 --include-seen`: Recall@10 .0335 with one vector for 14 days, .0331 with one a day, .0336 in real time; P90 coverage@10 .102',
  cost: '2.5 to 3.5 s an epoch (about 100,000 tokens/s) on 2 threads of a shared AMD EPYC (Zen 5), Node 24',
  command: 'npx -y pnpm@12 seqrec train online-retail/pinnerformer --data data',
  config: {
    // Cancellations are no purchases; the cuts leave 10 % of the events for validation and 10 % for the test.
    data: { format: 'named', name: 'online-retail', split: 'global-time', minRating: 1 },
    model: {
      kind: 'pinnerformer',
      embeddingDim: 64,
      maxSequenceLength: 256,
      modelDim: 64,
      numBlocks: 2,
      numHeads: 2,
      inputDropout: 0.1,
      blockDropout: 0.1,
      // The quantity: one piece, a few, a dozen, a box, wholesale.
      actions: 'buckets',
      actionBounds: [2, 6, 12, 24, 100],
    },
    objective: {
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 5000, random: 1024 },
      logQ: 'exact',
      labels: { kind: 'dense-all-action', cut: 'random', windowDays: 28, maxLabels: 32 },
      weighting: 'user',
      temperature: 0.05,
    },
    optimizer: referenceOptimizer,
    training: { epochs: 40, batchSize: 64, shuffle: true, evaluateEvery: 10 },
    // Customers buy things again.
    evaluation: { ...exactEvaluation, excludeSeen: false, checkpoint: 'last' },
    seed: 42,
  },
});
