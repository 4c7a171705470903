import { byChance } from '../../src/config/ctr-reference.ts';

export const recipe = byChance(
  { kind: 'fcn', exponentialLayers: 3, linearLayers: 4, dropout: 0.1 },
  {
    claim:
      'FCN (DCNv3), 3 exponential and 4 linear cross layers trained by Tri-BCE, predicts whether a film is liked, ML-1M',
    source:
      'model: Li et al. 2024 (arXiv:2407.13349), without the batch norm of its log; task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
    expected:
      'published log: test AUC .907562, log loss .301453; the code of the authors on another permutation: .9051, .3059 (one seed)',
    cost: '145 steps an epoch; an epoch took 70 s on one thread of an AMD EPYC (Zen 4) under much other work, Node 24',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-fcn --data data',
  },
);
