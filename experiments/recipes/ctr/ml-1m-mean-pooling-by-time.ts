import { sequenceRecipe } from '../../src/config/ctr-reference.ts';

export const recipe = sequenceRecipe(
  { kind: 'mean-pooling' },
  {
    claim:
      'The mean of the 50 films rated before, beside the fields of the row and under DCN-V2, predicts whether a film is liked later, ML-1M split by time',
    source: 'task, split and settings: `ctr/ml-1m-dcn-v2-by-time`, the row without a history',
    expected: 'no figure published; see `seqrec reproduce sequence-modules/ml-1m`',
    cost: 'about 70 seconds an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24; the best epoch is about the ninth',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-mean-pooling-by-time --data data',
  },
);
