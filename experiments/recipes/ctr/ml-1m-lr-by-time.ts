import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-lr.ts';

export const recipe = byTime(byChance, {
  claim: 'Logistic regression of ids and features predicts whether a film is liked later, ML-1M split by time',
  cost: '32 epochs in half a minute on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-lr-by-time --data data',
});
