import { sequenceRecipe } from '../../src/config/ctr-reference.ts';

export const recipe = sequenceRecipe(
  { kind: 'bst', numBlocks: 1, numHeads: 2, feedForwardDim: 96, historyScale: 0.1 },
  {
    claim:
      'BST (a transformer over 50 films rated before and the film), beside the fields of the row and under DCN-V2, predicts whether a film is liked later, ML-1M split by time',
    source:
      'model: Chen et al. 2019 (arXiv:1905.06874); task, split and settings: `ctr/ml-1m-dcn-v2-by-time`, the row without a history',
    expected: 'no figure published; see `seqrec reproduce sequence-modules/ml-1m`',
    cost: 'about 4 minutes an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24, in batches of 1,024',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-bst-by-time --data data',
  },
);
