import { defineRecipe } from '../../src/config/recipe.ts';
import { exactEvaluation, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim:
    'DSSM, two towers with features of items, on Amazon Beauty cut by time: logQ makes up for negatives that are drawn by popularity',
  source:
    'split, sizes and epochs are ours: there is no published figure under this protocol; data: the five-core of Amazon Beauty 2014 (McAuley et al. 2015), ties of a day shuffled',
  expected:
    'not yet trained to the end; after 6 of 12 epochs with in-batch negatives (seed 42, HR@10 on the test set): .0159 without logQ, .0218 with it off the negatives, .0215 in its corrected form',
  cost: '10 s an epoch on 2 threads of an AMD EPYC that other work shares, Node 24, evaluations and baselines apart',
  command: 'npx -y pnpm@12 seqrec train amazon-beauty/dssm --data data',
  config: {
    data: { format: 'named', name: 'amazon-beauty', split: 'global-time' },
    model: {
      kind: 'dssm',
      userId: false,
      history: true,
      features: ['categories', 'brand', 'price', { column: 'title', minCount: 3 }],
      maxHistory: 50,
      maxSequenceLength: 50,
      embeddingDim: 64,
      queryHiddenSizes: [128],
      itemHiddenSizes: [128],
      outputDim: 64,
      dropout: 0.2,
      similarity: 'cosine',
      idDropout: 0.2,
      embeddingStd: 0.02,
    },
    objective: {
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 512, random: 512 },
      logQ: 'exact',
      logQForm: 'corrected',
      negativeItems: 'trained',
      temperature: 0.05,
    },
    optimizer: referenceOptimizer,
    training: { epochs: 12, batchSize: 128, shuffle: true, evaluateEvery: 2 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
