import { defineRecipe } from '../../src/config/recipe.ts';

export const recipe = defineRecipe({
  claim:
    'Semantic ids of Amazon Beauty written code by code by a causal Transformer (decoder-only; TIGER has an encoder and a decoder)',
  source:
    'Rajput et al. 2023 (TIGER, arXiv:2305.05065), table 1: Recall@10 .0648, NDCG@10 .0384 by an encoder and a decoder over codes of sentence vectors; sizes and epochs are ours. Leave-one-out, ties of a day shuffled',
  expected: 'no figure of this form is published',
  cost: 'to be measured',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/sid-decoder --data data',
  config: {
    data: { format: 'named', name: 'amazon-beauty', split: 'leave-last-out' },
    task: { kind: 'generation' },
    model: {
      kind: 'transformer',
      embeddingDim: 128,
      maxSequenceLength: 20,
      outputLength: 1,
      numBlocks: 4,
      numHeads: 4,
      ffnDim: 256,
      inputDropout: 0.2,
    },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    optimizer: { learningRate: 1e-3 },
    training: { epochs: 30, batchSize: 128, shuffle: true, evaluateEvery: 3 },
    evaluation: {
      ks: [1, 5, 10, 20],
      batchSize: 128,
      excludeSeen: true,
      selectBy: 'NDCG@10',
    },
    seed: 42,
  },
});
