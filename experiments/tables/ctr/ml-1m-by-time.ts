import { defineTable } from '../../src/studies/reproduce/table.ts';

export const table = defineTable({
  title: 'ML-1M as click prediction: rows by time',
  source: 'no figure published; rows and settings of the table ctr/ml-1m (DCNv3, arXiv:2407.13349)',
  notes: [
    'Ratings above 3 against those below, the 3s dropped: 739,012 rows; the last tenth of them in time tests, the tenth before validates.',
    'What is evaluated is a mean of the weights over about 200 steps.',
    'Measured with another program: one seed each, its rate cut after one flat epoch.',
  ],
  metrics: ['AUC', 'logloss', 'GAUC', 'NE'],
  lowerIsBetter: ['logloss', 'NE'],
  ordered: ['AUC', 'logloss'],
  references: [
    {
      name: "FCN, the authors' code, seed 1",
      kind: 'measured',
      figures: { AUC: 0.8541, logloss: 0.3857, GAUC: 0.8347 },
    },
    {
      name: 'DCN-V2, FuxiCTR 2.3.10, seed 1',
      kind: 'measured',
      figures: { AUC: 0.8515, logloss: 0.3891, GAUC: 0.8323 },
    },
  ],
  rows: [
    { name: 'LR', recipe: 'ctr/ml-1m-lr-by-time', paper: {} },
    { name: 'FM', recipe: 'ctr/ml-1m-fm-by-time', paper: {} },
    { name: 'MLP', recipe: 'ctr/ml-1m-mlp-by-time', paper: {} },
    { name: 'CrossNet-V2', recipe: 'ctr/ml-1m-crossnet-by-time', paper: {} },
    { name: 'DCN-V2', recipe: 'ctr/ml-1m-dcn-v2-by-time', paper: {} },
    { name: 'FCN', recipe: 'ctr/ml-1m-fcn-by-time', paper: {} },
    { name: 'GDCN', recipe: 'ctr/ml-1m-gdcn-by-time', paper: {} },
    { name: 'FinalMLP', recipe: 'ctr/ml-1m-finalmlp-by-time', paper: {} },
    { name: 'AutoInt', recipe: 'ctr/ml-1m-autoint-by-time', paper: {} },
    { name: 'vanilla attention', recipe: 'ctr/ml-1m-vanilla-attention-by-time', paper: {} },
    { name: 'HeteroAtt', recipe: 'ctr/ml-1m-heteroatt-by-time', paper: {} },
    { name: 'Hiformer', recipe: 'ctr/ml-1m-hiformer-by-time', paper: {} },
  ],
  claims: [
    { better: 'DCN-V2', worse: 'LR', metrics: ['AUC'] },
    { better: 'FCN', worse: 'DCN-V2', metrics: ['AUC'] },
    { better: 'Hiformer', worse: 'vanilla attention', metrics: ['AUC'] },
    { better: 'HeteroAtt', worse: 'vanilla attention', metrics: ['AUC'] },
    { better: 'Hiformer', worse: 'HeteroAtt', metrics: ['AUC'] },
  ],
});
