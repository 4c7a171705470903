import { dirname, join } from 'node:path';
import { isRankingConfig, type RunConfig } from '../../src/config/run-config.ts';
import { generationOf } from '../../src/data/coded-items.ts';
import { defineTable } from '../../src/studies/reproduce/table.ts';
import { CODE_METRICS, CODE_NOTES } from '../../src/studies/reproduce/tiger-table.ts';

/** Rows that start from weights start from those of the seed, over the codes that these were trained with. */
function tuned(config: RunConfig, path: string): RunConfig {
  if (isRankingConfig(config) || config.initialWeights === undefined) return config;
  const { ids: _, ...rest } = generationOf(config)!;
  const task = { ...rest, idsFile: join(dirname(path), '..', 'ids.safetensors') };
  return { ...config, task, initialWeights: { path } };
}

/** The tasks of a row in the place of the recipe's. */
function tasks(weights: object) {
  return [{ key: 'task.language.tasks', text: JSON.stringify({ retrieve: 1, ...weights }) }];
}

/** So many histories to retrieve from, and epochs of which each has its share of steps. */
function few(histories: number | 'all', epochs: number) {
  return [
    ...tasks({}),
    { key: 'task.language.histories', text: String(histories) },
    { key: 'training.epochs', text: String(epochs) },
    { key: 'training.evaluateEvery', text: String(Math.ceil(epochs / 3)) },
  ];
}

const recipe = 'amazon-beauty/language';
const tunedRecipe = 'amazon-beauty/language-tuned';
// About 200, 480, 960 and 3,500 steps, with weights and without.
const sizes = [
  [100, 201],
  [1000, 60],
  [5000, 24],
] as const;
const name = (histories: number) => `${histories.toLocaleString('en-US')} histories`;

export const table = defineTable({
  title:
    'Amazon Beauty by a small language model over words and codes: what the tasks beside retrieval give, and how few histories do',
  source:
    'Cao et al. 2024 (arXiv:2404.00245): tasks of hidden items and of choices of two beside retrieval; few examples: said of models that are pre-trained so, without figures',
  notes: [
    CODE_NOTES[0],
    'Models of 64 dimensions and two blocks over codes of LSA, from scratch: nothing has read more than what the table of items says, title, categories, brand and price. All rows are trained for as many epochs of retrieval; tasks beside it come on top.',
    'Pre-trained: 20 epochs of hidden items, choices of two, titles from codes and codes from titles, of all histories of the training part; then retrieval alone, of the histories of some users. More users are the fewer and others. Rows of as many histories have as many steps.',
    'A target that 20 beams do not find is a miss.',
  ],
  metrics: CODE_METRICS,
  before: [{ name: 'pre-training', recipe: 'amazon-beauty/language-before', gives: 'weights', into: tuned }],
  rows: [
    { name: 'retrieval alone', recipe, changes: tasks({}), paper: {} },
    { name: 'and hidden items', recipe, changes: tasks({ masked: 1 }), paper: {} },
    { name: 'and choices of two', recipe, changes: tasks({ preferred: 1 }), paper: {} },
    { name: 'and titles', recipe, changes: tasks({ toTitle: 1, fromTitle: 1 }), paper: {} },
    { name: 'all tasks', recipe, paper: {} },
    ...sizes.map(([histories, epochs]) => ({
      ...{ name: name(histories), recipe, changes: few(histories, epochs), paper: {} },
    })),
    ...sizes.map(([histories, epochs]) => ({
      ...{ name: `pre-trained, ${name(histories)}`, recipe: tunedRecipe, changes: few(histories, epochs), paper: {} },
    })),
    { name: 'pre-trained, all histories', recipe: tunedRecipe, changes: few('all', 20), paper: {} },
  ],
  claims: [
    { better: 'all tasks', worse: 'retrieval alone', metrics: ['HR@10', 'NDCG@10'] },
    { better: `pre-trained, ${name(5000)}`, worse: 'retrieval alone', metrics: ['HR@10', 'NDCG@10'] },
  ],
  ordered: ['HR@10', 'NDCG@10'],
});
