import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-fm.ts';

export const recipe = byTime(byChance, {
  claim: 'A factorisation machine predicts whether a film is liked later, ML-1M split by time',
  cost: 'not measured; a step costs a small part of one of ctr/ml-1m-mlp',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-fm-by-time --data data',
});
