import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-dcn-v2.ts';

export const recipe = byTime(byChance, {
  claim:
    'DCN-V2 (3 cross layers beside 3 hidden layers of 400) predicts whether a film is liked later, ML-1M split by time',
  expected:
    'no figure published; test AUC .8566 ± .0014, log loss .3778 ± .0016, GAUC .8379 ± .0023 over seeds 1 to 3 (`seqrec reproduce ctr/ml-1m-by-time --seeds 1,2,3`); .8515, log loss .3891, GAUC .8323 (measured with FuxiCTR 2.3.10, one seed); the random split, which trains on later ratings of the same users, gives .05 more',
  cost: '15 epochs in 4 min on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-dcn-v2-by-time --data data',
});
