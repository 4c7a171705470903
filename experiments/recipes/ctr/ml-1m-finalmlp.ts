import { byChance } from '../../src/config/ctr-reference.ts';

export const recipe = byChance(
  {
    kind: 'finalmlp',
    mlp1HiddenSizes: [400, 400],
    mlp1Dropout: 0.2,
    mlp2HiddenSizes: [400, 400, 400],
    mlp2Dropout: 0.2,
    gateHiddenSizes: [64],
    context1: ['user'],
    context2: ['item'],
    heads: 2,
  },
  {
    claim:
      'FinalMLP (two streams of hidden layers behind gates of user and film) predicts whether a film is liked, ML-1M',
    source:
      'model: Mao et al. 2023 (arXiv:2304.00902); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
    expected: 'no figure published for this task; not trained to the end here',
    cost: '145 steps an epoch; whole runs are not timed yet',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-finalmlp --data data',
  },
);
