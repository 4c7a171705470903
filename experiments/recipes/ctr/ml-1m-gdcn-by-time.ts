import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-gdcn.ts';

export const recipe = byTime(byChance, {
  claim:
    'GDCN-P (3 gated cross layers beside 3 hidden layers of 400) predicts whether a film is liked later, ML-1M split by time',
  cost: '145 steps an epoch; whole runs are not timed yet',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-gdcn-by-time --data data',
});
