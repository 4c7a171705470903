import { defineTable } from '../../src/studies/reproduce/table.ts';

export const table = defineTable({
  title: 'ML-1M as click prediction, rows by time: what the history of the user adds',
  source: 'no figure published; rows, features and tower of the table ctr/ml-1m-by-time, the models of the recipes',
  notes: [
    'Equal features and one tower, DCN-V2; a model reads the 50 newest films rated before the second of the row, with rating, year, genres and age. DCN-V2 is the row without a history.',
    'Ratings above 3 against those below, the 3s dropped, from histories too: 739,012 rows; the last tenth of them in time tests, the tenth before validates.',
    'Histories hold rated films whatever part of the split they are in: labels of test rows are inputs of later test rows.',
    'What is evaluated is a mean of the weights over about 200 steps.',
  ],
  metrics: ['AUC', 'GAUC', 'NE', 'logloss'],
  lowerIsBetter: ['logloss', 'NE'],
  rows: [
    { name: 'DCN-V2', recipe: 'ctr/ml-1m-dcn-v2-by-time', paper: {} },
    { name: 'mean pooling', recipe: 'ctr/ml-1m-mean-pooling-by-time', paper: {} },
    { name: 'DIN', recipe: 'ctr/ml-1m-din-by-time', paper: {} },
    { name: 'BST', recipe: 'ctr/ml-1m-bst-by-time', paper: {} },
    { name: 'TransAct', recipe: 'ctr/ml-1m-transact-by-time', paper: {} },
    { name: 'cross-attention', recipe: 'ctr/ml-1m-cross-attention-by-time', paper: {} },
    { name: 'SIM', recipe: 'ctr/ml-1m-sim-by-time', paper: {} },
    { name: 'ETA', recipe: 'ctr/ml-1m-eta-by-time', paper: {} },
  ],
  claims: [{ better: 'mean pooling', worse: 'DCN-V2', metrics: ['AUC'] }],
});
