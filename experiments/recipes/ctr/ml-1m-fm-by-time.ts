import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-fm.ts';

export const recipe = byTime(byChance, {
  claim: 'A factorisation machine predicts whether a film is liked later, ML-1M split by time',
  cost: '31 epochs in 1 min on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-fm-by-time --data data',
});
