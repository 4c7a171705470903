import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-dcn-v2.ts';

export const recipe = byTime(byChance, {
  claim:
    'DCN-V2 (3 cross layers beside 3 hidden layers of 400) predicts whether a film is liked later, ML-1M split by time',
  expected:
    'no figure published; test AUC .8515, log loss .3891, GAUC .8323 (measured with FuxiCTR 2.3.10, one seed); the random split, which trains on later ratings of the same users, gives .05 more',
  cost: 'not measured; an epoch costs what one of ctr/ml-1m-dcn-v2 does',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-dcn-v2-by-time --data data',
});
