import { sequenceRecipe } from '../../src/config/ctr-reference.ts';

export const recipe = sequenceRecipe(
  { kind: 'din', attentionHiddenSizes: [64] },
  {
    claim:
      'DIN (50 films rated before, weighted by hidden layers in view of the film), beside the fields of the row and under DCN-V2, predicts whether a film is liked later, ML-1M split by time',
    source:
      'model: Zhou et al. 2018 (arXiv:1706.06978); task, split and settings: `ctr/ml-1m-dcn-v2-by-time`, the row without a history',
    expected: 'no figure published; see `seqrec reproduce sequence-modules/ml-1m`',
    cost: 'about 3 minutes an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24; the best epoch is about the ninth',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-din-by-time --data data',
  },
);
