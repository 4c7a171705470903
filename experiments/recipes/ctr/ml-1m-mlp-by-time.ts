import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-mlp.ts';

export const recipe = byTime(byChance, {
  claim: 'Three hidden layers of 400 over the same fields predict whether a film is liked later, ML-1M split by time',
  cost: 'not measured; an epoch costs what one of ctr/ml-1m-mlp does',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-mlp-by-time --data data',
});
