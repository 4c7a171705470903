import { defineRecipe } from '../../src/config/recipe.ts';
import { exactEvaluation, movieLensWindow, referenceOptimizer } from '../../src/config/reference.ts';
import { ligrSpace } from '../../src/config/spaces.ts';

export const recipe = defineRecipe({
  claim: 'BERT4Rec: attention in both directions, trained to fill in hidden films by a softmax over all of them',
  source:
    'Sun et al. 2019 (arXiv:1904.06690): 2 blocks of 2 heads, a fifth of the events hidden. Published for BERT4Rec with all items as negatives, another code and preparation (arXiv:2309.07602): HR@10 .2843, NDCG@10 .1537',
  expected: 'published under another preparation of the data: HR@10 .2843, NDCG@10 .1537. Not trained to the end here',
  cost: 'not measured',
  command: 'npx -y pnpm@12 seqrec train ml-1m/bert4rec --data data',
  space: ligrSpace,
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'leave-last-out' },
    model: {
      kind: 'transformer',
      attention: 'bidirectional',
      activation: 'gelu',
      embeddingDim: 64,
      ...movieLensWindow,
      numBlocks: 2,
      numHeads: 2,
      inputDropout: 0.1,
      blockDropout: 0.1,
    },
    objective: {
      kind: 'full-softmax',
      temperature: 0.05,
      labels: { kind: 'masked', probability: 0.2, lastOnly: 0.1 },
    },
    optimizer: referenceOptimizer,
    training: { epochs: 200, batchSize: 128, shuffle: true, evaluateEvery: 2 },
    evaluation: exactEvaluation,
    seed: 42,
  },
});
