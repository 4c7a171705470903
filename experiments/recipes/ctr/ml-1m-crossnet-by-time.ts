import { byTime } from '../../src/config/ctr-reference.ts';
import { recipe as byChance } from './ml-1m-crossnet.ts';

export const recipe = byTime(byChance, {
  claim: 'The cross network of DCN-V2 alone, 4 layers, predicts whether a film is liked later, ML-1M split by time',
  cost: 'not measured; a step costs less than one of ctr/ml-1m-dcn-v2',
  command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-crossnet-by-time --data data',
});
