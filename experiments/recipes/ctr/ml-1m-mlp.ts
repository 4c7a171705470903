import { byChance } from '../../src/config/ctr-reference.ts';

export const recipe = byChance(
  { kind: 'mlp', hiddenSizes: [400, 400, 400], dropout: 0.2 },
  {
    claim: 'Three hidden layers of 400 over the same fields predict whether a film is liked, ML-1M',
    source:
      'model: the deep part of DCN-V2, Wang et al. 2021 (arXiv:2008.13535); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
    expected:
      'test AUC .9093 ± .0042, log loss .2973 ± .0098 over splits and seeds 1 to 3 (`seqrec reproduce ctr/ml-1m`)',
    cost: '40 epochs, 15 to 28 s each on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-mlp --data data',
  },
);
