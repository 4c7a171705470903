import { defineTable, type TableRow } from '../../src/studies/reproduce/table.ts';

const recipe = 'amazon-beauty/sid-decoder';
const bounds = [5, 10, 20, 50];
const buckets = ['0-4', '5-9', '10-19', '20-49', '50 and more'].map((part) => `training events of items ${part}`);
const parts = [
  { key: 'evaluation.segments', text: JSON.stringify([{ trainingRows: 'items', bounds }]) },
  { key: 'evaluation.lists', text: '10' },
];
const asked = (debias: number): TableRow => ({
  ...{ name: `debias ${debias}`, recipe, paper: {}, from: { row: 'codes of LSA' } },
  changes: [...parts, { key: 'task.debias', text: String(debias) }],
});
const beside = (name: string, baseline: NonNullable<TableRow['from']>['baseline']): TableRow => ({
  ...{ name, recipe, paper: {}, from: { row: 'codes of LSA', baseline }, changes: parts },
});

export const table = defineTable({
  title: 'Amazon Beauty by semantic ids: popularity taken off while codes are written',
  source:
    'open question of generative retrieval (popularity bias), with no published figure; the model is that of the recipe',
  notes: [
    'One model a seed, asked in several ways: `task.debias a` takes `a log Q(c_l | c_1 .. c_{l-1})` off the logarithm of the probability of each code, `Q` the share of the training events, one more for each item.',
    'Of the lists of ten: coverage, the smallest share of the items that fills 90 % of the places, the Gini coefficient of how often items stand there, and the mean number of training events of their items against that of the targets.',
    'The last event of every user tests; a target that 20 beams do not find is a miss.',
  ],
  metrics: [
    ...['HR@10', 'NDCG@10', 'coverage@10', 'P90Coverage@10', 'Gini@10', 'popularity@10'],
    ...buckets.map((bucket) => `HR@10, ${bucket}`),
  ],
  lowerIsBetter: ['Gini@10'],
  rows: [
    { name: 'codes of LSA', recipe, paper: {} },
    ...[0, 0.1, 0.25, 0.5, 1].map(asked),
    beside('item-kNN', 'item-knn'),
    beside('popularity', 'popularity'),
  ],
  claims: [
    { better: 'debias 0', worse: 'debias 0.5', metrics: ['HR@10'] },
    { better: 'debias 0.5', worse: 'debias 0', metrics: [`HR@10, ${buckets[0]}`, 'coverage@10'] },
  ],
});
