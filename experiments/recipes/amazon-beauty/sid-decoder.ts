import { codeDecoder, codeEvaluation, codeObjective } from '../../src/config/generation-reference.ts';
import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim:
    'Semantic ids of Amazon Beauty written code by code by a causal Transformer (decoder-only; TIGER has an encoder and a decoder)',
  source:
    'Rajput et al. 2023 (TIGER, arXiv:2305.05065), table 1: Recall@10 .0648, NDCG@10 .0384 by an encoder and a decoder over codes of sentence vectors; sizes and epochs are ours. Leave-one-out, ties of a day shuffled',
  expected: 'HR@10 .0697, NDCG@10 .0369 (seed 1, LSA); beside it item-kNN .0699, .0412, EASE .0756, .0436',
  cost: '54 minutes for 40 epochs, four evaluations and the baselines on two threads of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/sid-decoder --data data',
  config: {
    data: { format: 'named', name: 'amazon-beauty', split: 'leave-last-out' },
    task: { kind: 'generation', beams: 20 },
    model: codeDecoder,
    objective: codeObjective,
    optimizer: { learningRate: 1e-3 },
    training: { epochs: 40, batchSize: 128, shuffle: true, evaluateEvery: 10, patience: 2 },
    evaluation: codeEvaluation,
    seed: 1,
  },
});
