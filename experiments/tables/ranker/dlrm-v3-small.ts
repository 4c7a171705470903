import { defineTable } from '../../src/studies/reproduce/table.ts';

/** One world, seen by every row. */
const world = (users: number, items: number, steps: number) => [
  { key: 'data.users', text: String(users) },
  { key: 'data.items', text: String(items) },
  { key: 'data.steps', text: String(steps) },
];

export const table = defineTable({
  title: 'Rows whose best scores are known: MLPerf DLRM-v3, small',
  source: 'no figure published at this size; the data and the whole size: mlcommons/inference, recommendation/dlrm_v3',
  notes: [
    'Ratings of users with four ordered categories each, of which the place and the step decide half of a rating and the quality of the item the other half; candidates are judged from all that their user did in earlier steps. The last tenth of the steps tests.',
    'Limits are enumerated for the steps that test: what a model that knows so much of a row reaches at best, in expectation over worlds. Of the steps 90 to 99 of the whole size they are NE .8310 and AUC .7567 by the place alone, .6204 and .8670 by the quality, .2423 and .9779 by both; there the reference has NE .8669, AUC .7866 and accuracy .6965.',
    'Without a history and without the user a model can reach the limit seen quality; on items that open in the steps that test it knows nothing. DCN-V2 has the id of the user besides, of whose hundreds of rows it learns the places of the categories by heart. HSTU without an item table can reach the limit place, and some of the phase, which the newest events of a history tell.',
    'HSTU with an item table can reach the limit place and seen quality: items that open in the steps that test have no trained row, and the limit place and quality is out of reach by that much. The rest of its distance is what it has not learned of rows of items that were seen some forty times.',
    'Some requests of the steps that train validate, by chance: calibrators are fitted on all phases, and test rows are of other ones.',
    'Not published, chosen here: 2 blocks of 2 heads, width 64, batches of 32 requests, Adam at 1e-3. Any of them can be changed, for example `--model.numBlocks 4`.',
    'Sizes: `full` is that of the recipes, `small` (400 users) shows that the command works and nothing about the models.',
  ],
  metrics: ['NE', 'AUC', 'accuracy', 'ECE', 'ECE, platt', 'ECE, isotonic'],
  lowerIsBetter: ['NE', 'ECE', 'ECE, platt', 'ECE, isotonic'],
  references: [
    {
      name: 'the reference at full size, steps 90 to 99',
      kind: 'published',
      figures: { NE: 0.86687, AUC: 0.78663, accuracy: 0.69651 },
    },
  ],
  sizes: { small: [...world(400, 2_560, 10), { key: 'data.categories', text: '32' }], full: [] },
  defaultSize: 'full',
  rows: [
    { name: 'without history', recipe: 'ranker/dlrm-v3-small-no-history', paper: {} },
    { name: 'DCN-V2, equal features', recipe: 'ranker/dlrm-v3-small-dcn-v2', paper: {} },
    { name: 'HSTU without item table', recipe: 'ranker/dlrm-v3-small-no-table', paper: {} },
    { name: 'HSTU with item table', recipe: 'ranker/dlrm-v3-small', paper: {} },
  ],
  claims: [
    { better: 'HSTU with item table', worse: 'without history', metrics: ['NE', 'AUC'] },
    { better: 'HSTU with item table', worse: 'HSTU without item table', metrics: ['NE', 'AUC'] },
  ],
});
