import { sequenceRecipe } from '../../src/config/ctr-reference.ts';

export const recipe = sequenceRecipe(
  { kind: 'transact', numBlocks: 2, numHeads: 2, feedForwardDim: 32, latest: 10, timeWindow: 0, historyScale: 0.1 },
  {
    claim:
      'TransAct (a transformer over 50 films rated before, the film beside each; no window hides any in training), beside the fields of the row and under DCN-V2, predicts whether a film is liked later, ML-1M split by time',
    source:
      'model: Xia et al. 2023 (arXiv:2306.00248); task, split and settings: `ctr/ml-1m-dcn-v2-by-time`, the row without a history',
    expected: 'no figure published; see `seqrec reproduce sequence-modules/ml-1m`',
    cost: 'about 15 minutes an epoch on one thread of a busy AMD EPYC (Zen 4), Node 24, in batches of 1,024; half of its products are cross layers, 3 x 1,520 x 1,520 a row',
    command: 'npx -y pnpm@12 seqrec train ctr/ml-1m-transact-by-time --data data',
  },
  { parts: 4 },
);
