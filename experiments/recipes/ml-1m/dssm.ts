import { defineRecipe } from '../../src/config/recipe.ts';
import { referenceEvaluation, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim:
    'DSSM, two towers with features of users and films and no order of events, against the sequence models of ml-1m/*',
  source: 'ours, in the protocol of ml-1m/*: there is no published figure of this model under it',
  expected: 'not yet trained to the end; HR@10 .039 after one of 8 epochs (seed 42)',
  cost: '38 s an epoch on 2 threads of an AMD EPYC that other work shares, 14 s of them its own, Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-1m/dssm --data data',
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'train-test' },
    model: {
      kind: 'dssm',
      userId: true,
      history: true,
      features: ['genres', 'year', 'gender', 'age', 'occupation'],
      maxHistory: 20,
      maxSequenceLength: 100,
      embeddingDim: 64,
      queryHiddenSizes: [128],
      itemHiddenSizes: [128],
      outputDim: 64,
      dropout: 0.2,
      similarity: 'cosine',
      embeddingStd: 0.02,
    },
    objective: {
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 512, random: 512 },
      logQ: 'exact',
      logQForm: 'corrected',
      temperature: 0.05,
    },
    optimizer: referenceOptimizer,
    training: { epochs: 8, batchSize: 128, shuffle: true, evaluateEvery: 4 },
    evaluation: referenceEvaluation,
    seed: 42,
  },
});
