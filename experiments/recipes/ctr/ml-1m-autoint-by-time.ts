import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-autoint.ts';

export const recipe = byTime(byChance, {
  claim:
    'AutoInt (2 layers of attention among fields beside 3 hidden layers of 400) predicts whether a film is liked later, ML-1M split by time',
  cost: '145 steps an epoch; an epoch took 4 min on one thread of an AMD EPYC (Zen 4) under much other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-autoint-by-time --data data',
});
