import { defineTable, type TableRow } from '../../src/studies/reproduce/table.ts';

/** Weeks after the cut that are looked at one by one. */
const WEEKS = 8;
const parts = Array.from({ length: WEEKS }, (_, w) => `${7 * w + 1}-${7 * w + 7}`);
const oldest = 'training events of items 0';

const split = { kind: 'global-time', quantile: 0.9, validationQuantile: 0.85, target: 'successive' };
const asked = [
  { key: 'data.split', text: JSON.stringify(split) },
  { key: 'evaluation.ks', text: '[10, 20]' },
  { key: 'evaluation.selectBy', text: 'NDCG@10' },
  { key: 'evaluation.excludeSeen', text: 'true' },
  { key: 'evaluation.baselines', text: 'popularity,recent-popularity,item-knn' },
  {
    key: 'evaluation.segments',
    text: JSON.stringify([{ days: 7 }, { trainingRows: 'items', bounds: [1, 5, 20, 100] }]),
  },
];
const codes = { recipe: 'amazon-beauty/sid-decoder', changes: asked, paper: {} };
const beside = (name: string, baseline: NonNullable<TableRow['from']>['baseline']): TableRow => ({
  ...{ name, ...codes, from: { row: 'codes of LSA', baseline } },
});

export const table = defineTable({
  title: 'Amazon Beauty after a cut: how what was learned ages, week by week',
  source:
    'open question of generative retrieval (distribution shift), with no published figure; the models are those of the recipes',
  notes: [
    'Training before the time that 85 % of the events lie before, validation up to 90 %; every later event of a user who has an event before it is asked for, in its turn, after all that came before. Nothing is trained after the cut.',
    'Weeks are counted from the first event after the cut; `training events of items 0` are targets that nothing has trained on. Codes are made of title, categories, brand and price, so that such an item has some; SASRec has a row of random numbers for it, item-kNN no neighbours.',
    'A target that 20 beams do not find is a miss.',
  ],
  metrics: ['HR@10', 'NDCG@10', ...parts.map((part) => `HR@10, days ${part}`), `HR@10, ${oldest}`],
  rows: [
    { name: 'codes of LSA', ...codes },
    {
      name: 'SASRec, full softmax',
      recipe: 'amazon-beauty/sasrec',
      changes: [
        ...asked,
        { key: 'objective.kind', text: 'full-softmax' },
        { key: 'training.epochs', text: '40' },
        { key: 'training.patience', text: '3' },
        { key: 'evaluation.batchSize', text: '128' },
      ],
      paper: {},
    },
    beside('item-kNN', 'item-knn'),
    beside('popularity', 'popularity'),
    beside('popularity of the last week', 'recent-popularity'),
  ],
  claims: [
    { better: 'codes of LSA', worse: 'SASRec, full softmax', metrics: ['HR@10', `HR@10, days ${parts[WEEKS - 1]}`] },
  ],
});
