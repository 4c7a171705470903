import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-finalmlp.ts';

export const recipe = byTime(byChance, {
  claim:
    'FinalMLP (two streams of hidden layers behind gates of user and film) predicts whether a film is liked later, ML-1M split by time',
  cost: '145 steps an epoch; whole runs are not timed yet',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-finalmlp-by-time --data data',
});
