import { defineTable } from '../../src/studies/reproduce/table.ts';

const readme = 'README of 15 April 2024';

export const table = defineTable({
  title: 'ML-1M: SASRec, HSTU and HSTU-large',
  source: `meta-recsys/generative-recommenders, ${readme}; Zhai et al. 2024, table 4 (arXiv:2402.17152)`,
  notes: [
    'Last event of every user, exact rank among all movies but those of the history; all but the last event train; the last epoch counts, nothing is chosen by the test set.',
    'The file at hand has 10 % of its timestamps interpolated, and events that share a second are in the order of the file.',
    'The published figures are of one seed.',
  ],
  metrics: ['HR@10', 'NDCG@10', 'HR@50', 'HR@200'],
  tolerance: { 'HR@10': 0.012, 'NDCG@10': 0.008 },
  rows: [
    {
      name: 'SASRec',
      recipe: 'ml-1m/sasrec',
      paper: { 'HR@10': 0.2853, 'NDCG@10': 0.1603, 'HR@50': 0.5474, 'HR@200': 0.7528 },
    },
    {
      name: 'HSTU',
      recipe: 'ml-1m/hstu',
      paper: { 'HR@10': 0.3097, 'NDCG@10': 0.172, 'HR@50': 0.5754, 'HR@200': 0.7716 },
    },
    {
      name: 'HSTU-large',
      recipe: 'ml-1m/hstu-large',
      paper: { 'HR@10': 0.3294, 'NDCG@10': 0.1893, 'HR@50': 0.5935, 'HR@200': 0.7839 },
    },
  ],
  claims: [
    { better: 'HSTU', worse: 'SASRec', metrics: ['HR@10', 'NDCG@10'] },
    { better: 'HSTU-large', worse: 'HSTU', metrics: ['HR@10', 'NDCG@10'] },
  ],
});
