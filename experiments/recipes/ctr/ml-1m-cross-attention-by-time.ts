import { sequenceRecipe } from '../../src/config/ctr-reference.ts';

export const recipe = sequenceRecipe(
  { kind: 'cross-attention', attentionDim: 64, numHeads: 2 },
  {
    claim:
      'Cross-attention (the film asks 50 films rated before, softmax with two heads), beside the fields of the row and under DCN-V2, predicts whether a film is liked later, ML-1M split by time',
    source:
      'model: the attention of Vaswani et al. 2017 (arXiv:1706.03762), one query; task, split and settings: `ctr/ml-1m-dcn-v2-by-time`, the row without a history',
    expected: 'no figure published; see `seqrec reproduce sequence-modules/ml-1m`',
    cost: 'about 3 minutes an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-cross-attention-by-time --data data',
  },
);
