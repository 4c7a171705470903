import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-crossnet.ts';

export const recipe = byTime(byChance, {
  claim: 'The cross network of DCN-V2 alone, 4 layers, predicts whether a film is liked later, ML-1M split by time',
  cost: '49 epochs in 3 min on 2 threads of an AMD EPYC (Zen 4) beside other work, Node 24',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-crossnet-by-time --data data',
});
