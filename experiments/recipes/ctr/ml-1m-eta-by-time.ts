import { sequenceRecipe } from '../../src/config/ctr-reference.ts';

export const recipe = sequenceRecipe(
  { kind: 'eta', shortEvents: 10, topK: 10, hashBits: 32, attentionDim: 64, numHeads: 2 },
  {
    claim:
      'ETA (the film asks the 10 newest of 50 films rated before and the 10 of them with the nearest hash), beside the fields of the row and under DCN-V2, predicts whether a film is liked later, ML-1M split by time',
    source:
      'model: Chen et al. 2021 (arXiv:2108.04468); task, split and settings: `ctr/ml-1m-dcn-v2-by-time`, the row without a history',
    expected: 'no figure published; see `seqrec reproduce sequence-modules/ml-1m`',
    cost: 'about 90 seconds an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24, in batches of 1,024',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-eta-by-time --data data',
  },
);
