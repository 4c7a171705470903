import { byChance } from '../../src/config/ctr-reference.ts';

export const recipe = byChance(
  { kind: 'field-attention', form: 'vanilla', blocks: 2, heads: 4, queryDim: 16, valueDim: 16, dropout: 0.1 },
  {
    claim: 'Attention among fields whose maps all tokens share predicts whether a film is liked, ML-1M',
    source:
      'model: Gui et al. 2023 (arXiv:2311.05884), at widths for vectors of 16; task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
    expected: 'no figure published for this task; not trained to the end here',
    cost: '145 steps an epoch; an epoch took 4 min on one thread of an AMD EPYC (Zen 4) under much other work, Node 24',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-vanilla-attention --data data',
  },
);
