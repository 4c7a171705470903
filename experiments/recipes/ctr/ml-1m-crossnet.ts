import { byChance } from '../../src/config/ctr-reference.ts';

export const recipe = byChance(
  { kind: 'dcn-v2', structure: 'cross', crossLayers: 4 },
  {
    claim: 'The cross network of DCN-V2 alone, 4 layers, predicts whether a film is liked, ML-1M',
    source:
      'model: Wang et al. 2021 (arXiv:2008.13535); task and settings: DCNv3 (arXiv:2407.13349) and its log of ML-1M, salmon1802/FCN',
    expected:
      'test AUC .9073 ± .0018, log loss .3002 ± .0069 over splits and seeds 1 to 3 (`seqrec reproduce ctr/ml-1m`); .9076 and .8977 without a mean of the weights (measured with another program, two seeds)',
    cost: '69 epochs in 4 min on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-crossnet --data data',
  },
);
