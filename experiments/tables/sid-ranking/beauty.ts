import { defineTable } from '../../src/studies/reproduce/table.ts';

const CODES = 'sid-ranking/beauty';
const IDS = 'sid-ranking/beauty-ids';

/** A row that reads a column of codes, and so many rows of tables. */
const codes = (name: string, column: string, rows: number) => ({
  ...{ name, recipe: CODES, paper: {} },
  changes: [
    { key: 'model.features', text: JSON.stringify([column]) },
    { key: 'model.tables.rows', text: String(rows) },
  ],
});

const budgets = [
  ['1k', 1024],
  ['4k', 4096],
  ['12k', 12_288],
] as const;

const content = JSON.stringify([{ column: 'content', encode: 'standardise' }]);
const COLD = 'AUC, items cold';
const NEW = 'AUC, items new';
const RARE = 'AUC, positive training rows of items 1-5';

export const table = defineTable({
  title: 'Semantic ids in ranking, Amazon Beauty: the same rows of tables, read by hashed ids or by codes',
  source:
    'no figure of public data is published; the claims: Better Generalization with Semantic IDs (Singh et al. 2023, arXiv:2306.08121)',
  notes: [
    'Each event is a row of label 1 with four rows of label 0, of items that are open by then and that the user has no event with; the newest tenth of the rows tests. DIN over the 20 items before, of which nothing is read but what the row says; 32 wide.',
    'A tenth of the items is cold: none of their rows trains, whatever the label, and no history that trains holds them. `items cold` are test rows of these. `items new` are those of other items without a training row, which came later: nobody could draw them as label 0 before, so that most of their rows are positive, and they stand apart. `positive training rows 1-5` those of items with one to five events that train.',
    'Codes are of the content alone (LSA of title, categories, brand and price; residual k-means, 4 levels of 128): `unigrams` are 512 rows, `bigrams` two groups of two codes, `prefixes` the first one to four, `SPM` byte-pair pieces weighed by training events, at most as many as there are rows. What has more terms than rows is hashed, as ids are with 1,024 and 4,096 rows; with 12,288 each of the 12,101 items has its own.',
    '`dense`: the vectors that the codes are made from, through a linear map. `id and SPM`: one budget for both, 8,568 rows for ids and 3,720 for pieces.',
  ],
  metrics: ['AUC', COLD, NEW, RARE, 'GAUC', 'NE'],
  lowerIsBetter: ['NE'],
  ordered: ['AUC', COLD],
  rows: [
    ...budgets.map(([size, rows]) => ({
      ...{ name: `hashed ids, ${size}`, recipe: IDS, paper: {} },
      changes: [{ key: 'model.tables.rows', text: String(rows) }],
    })),
    codes('unigrams', 'unigrams', 512),
    ...budgets.map(([size, rows]) => codes(`bigrams, ${size}`, 'bigrams', rows)),
    ...budgets.map(([size, rows]) => codes(`prefixes, ${size}`, 'prefixes', rows)),
    ...budgets.map(([size, rows]) => codes(`SPM, ${size}`, `pieces${size}`, rows)),
    {
      ...{ name: 'id and SPM, 12k', recipe: IDS, paper: {} },
      changes: [{ key: 'model.features', text: '["pieces4k"]' }],
    },
    { name: 'dense', recipe: CODES, changes: [{ key: 'model.features', text: content }], paper: {} },
  ],
  claims: [
    ...budgets.map(([size]) => ({ better: `SPM, ${size}`, worse: `hashed ids, ${size}`, metrics: [COLD] })),
    { better: 'SPM, 12k', worse: 'hashed ids, 12k', metrics: ['AUC', RARE] },
    { better: 'SPM, 12k', worse: 'bigrams, 12k', metrics: ['AUC', COLD] },
    { better: 'bigrams, 1k', worse: 'SPM, 1k', metrics: ['AUC', COLD] },
    { better: 'SPM, 12k', worse: 'dense', metrics: ['AUC', COLD] },
  ],
});
