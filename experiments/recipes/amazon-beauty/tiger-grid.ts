import { codeEvaluation } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'TIGER as cornac has it under GRID_CONFIG: T5 of 4 and 4 blocks over residual k-means of 3 x 256 codes',
  source:
    'PreferredAI/cornac, models/tiger, after snap-research/GRID; Rajput et al. 2023 (arXiv:2305.05065). Differs in: vectors of LSA, not of a sentence encoder; one random cut of each history an epoch, not all prefixes of it',
  expected:
    'Recall@10 .0564, NDCG@10 .0288 by cornac with sentence vectors (its preparation); Recall@10 .0648, NDCG@10 .0384 in the paper',
  cost: '92 s an epoch on one thread of an AMD EPYC (Zen 5) with --blas auto beside other work, 7.5 hours for all; not run to the end here: 40 epochs at a rate of 1e-3 that falls are in `seqrec reproduce tiger/beauty`, HR@10 .0520',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/tiger-grid --data data',
  config: {
    data: { format: 'named', name: 'amazon-beauty', split: 'leave-last-out' },
    task: { kind: 'generation', beams: 20 },
    model: { kind: 't5', maxSequenceLength: 20, dropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 1 },
    optimizer: { learningRate: 5e-4, weightDecay: 1e-6 },
    // 50 epochs of all 131,413 pairs are 294 of one pair a user.
    training: { epochs: 294, batchSize: 256, shuffle: true, evaluateEvery: 14, patience: 4 },
    evaluation: codeEvaluation,
    seed: 1,
  },
});
