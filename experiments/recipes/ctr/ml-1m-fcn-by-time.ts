import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-fcn.ts';

export const recipe = byTime(byChance, {
  claim:
    'FCN (DCNv3), 3 exponential and 4 linear cross layers trained by Tri-BCE, predicts whether a film is liked later, ML-1M split by time',
  expected:
    'no figure published; test AUC .8541, log loss .3857, GAUC .8347 with the code of the authors, one seed; the random split, which trains on later ratings of the same users, gives .05 more',
  cost: '145 steps an epoch; an epoch took 70 s on one thread of an AMD EPYC (Zen 4) under much other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-fcn-by-time --data data',
});
