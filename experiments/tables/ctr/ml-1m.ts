import { defineTable } from '../../src/studies/reproduce/table.ts';

export const table = defineTable({
  title: 'ML-1M as click prediction: rows by chance',
  source: 'DCNv3 (Li et al. 2024, arXiv:2407.13349v8) and its log of ML-1M, salmon1802/FCN at df6da8b',
  notes: [
    'Ratings above 3 against those below, the 3s dropped: 739,012 rows, 77.84 % positive; .8 trains, .1 validates, .1 tests, by chance. Of the published run the order of the rows is not known: each seed here has an order of its own. The standard error of an AUC of this many rows is .0012: LR, which has one optimum, has .8722, .8752, .8728 and .8733 on four of them.',
    'The random split trains on later ratings of the users that it tests: `ctr/ml-1m-by-time` is about .05 lower.',
    'The learning rate falls to a tenth when the validation AUC has not risen for two evaluations in a row; training stops after four. With a cut after one flat epoch, as in the published log, two seeds of CrossNet-V2 were .010 apart (measured with another program).',
    'What is evaluated is a mean of the weights over about 200 steps, which the published log does not have.',
    'FCN is no model here yet. Measured with another program: on another permutation of the rows, one or two seeds.',
  ],
  splitBySeed: true,
  metrics: ['AUC', 'logloss', 'GAUC', 'NE'],
  lowerIsBetter: ['logloss', 'NE'],
  references: [
    { name: 'FCN (DCNv3), published log', kind: 'published', figures: { AUC: 0.907562, logloss: 0.301453 } },
    { name: "FCN, the authors' code, seed 1", kind: 'measured', figures: { AUC: 0.9051, logloss: 0.3059 } },
    { name: 'DCN-V2, numpy, seeds 1 and 2', kind: 'measured', figures: { AUC: 0.9086, logloss: 0.3003 } },
    { name: 'DCN-V2, FuxiCTR 2.3.10, seed 1', kind: 'measured', figures: { AUC: 0.9032, logloss: 0.3087 } },
  ],
  rows: [
    { name: 'LR', recipe: 'ctr/ml-1m-lr', paper: {} },
    { name: 'FM', recipe: 'ctr/ml-1m-fm', paper: {} },
    { name: 'MLP', recipe: 'ctr/ml-1m-mlp', paper: {} },
    { name: 'CrossNet-V2', recipe: 'ctr/ml-1m-crossnet', paper: {} },
    { name: 'DCN-V2', recipe: 'ctr/ml-1m-dcn-v2', paper: {} },
  ],
  claims: [
    { better: 'DCN-V2', worse: 'LR', metrics: ['AUC'] },
    { better: 'DCN-V2', worse: 'MLP', metrics: ['AUC'] },
  ],
});
