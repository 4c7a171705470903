import { futureWindow, protocolNotes, sizes } from '../../src/studies/reproduce/pinnerformer.ts';
import { defineTable } from '../../src/studies/reproduce/table.ts';

const pool = (kind: 'in-batch' | 'random' | 'mixed', logQ: 'none' | 'exact') => [
  { key: 'objective.negatives.kind', text: kind },
  { key: 'objective.logQ', text: logQ },
];
const recipe = 'online-retail/pinnerformer';
const figures = (recall: number, coverage: number) => ({ 'Recall@10': recall, 'P90Coverage@10': coverage });

export const table = defineTable({
  title: 'Where negatives come from, with and without the logQ correction',
  source: 'Pancha et al. 2022, table 4 (arXiv:2205.04507)',
  notes: [
    ...protocolNotes,
    'In-batch: the labels of the batch (at most 2,048), the own ones masked. Random: 1,024 uniform items. Mixed: both as one pool. logQ by exact counts of the training set.',
    'Random negatives are uniform, so that logQ takes the same number off every score: both rows are one experiment but for rounding.',
  ],
  metrics: ['Recall@10', 'P90Coverage@10'],
  future: futureWindow,
  sizes,
  defaultSize: 'recipe',
  rows: [
    { name: 'random', recipe, changes: pool('random', 'none'), paper: figures(0.136, 0.002) },
    { name: 'random, logQ', recipe, changes: pool('random', 'exact'), paper: figures(0.139, 0.001) },
    { name: 'in-batch', recipe, changes: pool('in-batch', 'none'), paper: figures(0.071, 0.163) },
    { name: 'in-batch, logQ', recipe, changes: pool('in-batch', 'exact'), paper: figures(0.167, 0.119) },
    { name: 'mixed', recipe, changes: pool('mixed', 'none'), paper: figures(0.138, 0.083) },
    { name: 'mixed, logQ', recipe, changes: pool('mixed', 'exact'), paper: figures(0.229, 0.042) },
  ],
  claims: [
    ...['random', 'random, logQ', 'in-batch', 'in-batch, logQ', 'mixed'].map((worse) => ({
      better: 'mixed, logQ',
      worse,
      metrics: ['Recall@10'],
    })),
    ...['random', 'in-batch, logQ', 'mixed'].map((better) => ({ better, worse: 'in-batch', metrics: ['Recall@10'] })),
    { better: 'in-batch', worse: 'in-batch, logQ', metrics: ['P90Coverage@10'] },
    { better: 'mixed', worse: 'random', metrics: ['P90Coverage@10'] },
    { better: 'in-batch', worse: 'mixed', metrics: ['P90Coverage@10'] },
  ],
});
