import { byChance } from '../../src/config/ctr-reference.ts';

export const recipe = byChance(
  { kind: 'dcn-v2', crossLayers: 3, hiddenSizes: [400, 400, 400], dropout: 0.2 },
  {
    claim: 'DCN-V2 (3 cross layers beside 3 hidden layers of 400) predicts whether a film is liked, ML-1M',
    source:
      'model: Wang et al. 2021 (arXiv:2008.13535); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
    expected:
      'test AUC .9097 ± .0029, log loss .2967 ± .0069 over splits and seeds 1 to 3 (`seqrec reproduce ctr/ml-1m`); published for FCN (DCNv3): AUC .907562, log loss .301453',
    cost: '36 epochs in 10 min on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-dcn-v2 --data data',
  },
);
