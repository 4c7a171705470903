import { byChance } from '../../src/config/ctr-reference.ts';

export const recipe = byChance(
  {
    kind: 'autoint',
    attentionLayers: 2,
    attentionDim: 32,
    heads: 2,
    layerNorm: true,
    hiddenSizes: [400, 400, 400],
    dropout: 0.2,
  },
  {
    claim:
      'AutoInt (2 layers of attention among fields beside 3 hidden layers of 400) predicts whether a film is liked, ML-1M',
    source:
      'model: Song et al. 2019 (arXiv:1810.11921); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
    expected: 'no figure published for this task; not trained to the end here',
    cost: '145 steps an epoch; an epoch took 4 min on one thread of an AMD EPYC (Zen 4) under much other work, Node 24',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-autoint --data data',
  },
);
