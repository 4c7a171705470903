import { codeEvaluation } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim: 'TIGER as Paischer et al. have it: T5 of 6 and 6 blocks over RQ-VAE codes of 3 x 256',
  source:
    'Paischer et al. 2024 (arXiv:2412.08604, facebookresearch/preference_discerning), in the transcription of PreferredAI/cornac; Rajput et al. 2023 (arXiv:2305.05065). Differs in: vectors of LSA, not of a sentence encoder; one random cut of each history an epoch, not all prefixes of it; RQ-VAE as `seqrec ids` has it',
  expected:
    'Recall@10 .0634, NDCG@10 .0338 by cornac with sentence vectors (its preparation); Recall@10 .0648, NDCG@10 .0384 in the paper',
  cost: 'derived: .6 GFLOP a pair, about 3 minutes an epoch on two cores, 28 hours in all; not run to the end here',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/tiger-paischer --data data',
  config: {
    data: { format: 'named', name: 'amazon-beauty', split: 'leave-last-out' },
    task: {
      kind: 'generation',
      ids: { standardise: true, tokenizer: { kind: 'rq-vae', width: 128, weightDecay: 0.1 } },
      beams: 30,
    },
    model: { kind: 't5', maxSequenceLength: 20, encoderBlocks: 6, decoderBlocks: 6, dropout: 0.2 },
    objective: { kind: 'full-softmax', temperature: 1 },
    optimizer: {
      learningRate: 3e-4,
      weightDecay: 0.035,
      schedule: { kind: 'cosine', warmupSteps: 10_000, steps: 190_000 },
    },
    // 200,000 steps of 64 pairs.
    training: { epochs: 571, batchSize: 64, shuffle: true, evaluateEvery: 20, patience: 15 },
    evaluation: codeEvaluation,
    seed: 1,
  },
});
