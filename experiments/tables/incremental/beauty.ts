import { dirname, join } from 'node:path';
import type { Override } from '../../src/arguments.ts';
import { isRankingConfig, type RunConfig } from '../../src/config/run-config.ts';
import { generationOf } from '../../src/data/coded-items.ts';
import { defineTable, type TableRow } from '../../src/studies/reproduce/table.ts';

const recipe = 'amazon-beauty/sid-decoder';
/** Stands for what the run before gives. */
const BASE = 'of the run before';
const first = [0.8, 0.9];
const newItems = `first event of items ${first[0]}-${first[1]}`;
const oldItems = `first event of items 0-${first[0]}`;

const asked: readonly Override[] = [
  { key: 'evaluation.ks', text: '[10, 20]' },
  { key: 'evaluation.baselines', text: 'item-knn' },
  { key: 'evaluation.segments', text: JSON.stringify([{ firstEvents: first }]) },
  { key: 'training.epochs', text: '20' },
];
const split = (more: object): Override => ({
  key: 'data.split',
  text: JSON.stringify({ kind: 'global-time', quantile: first[1], target: 'successive', ...more }),
});
const fitted = { key: 'task.ids.fitTo', text: 'training' };
const early = [split({ validationQuantile: first[0] }), fitted, ...asked];
const late = [split({ validation: 'none' }), fitted, ...asked];

/** Codes and weights of the run before, in the rows that name them. */
function started(config: RunConfig, path: string): RunConfig {
  if (isRankingConfig(config)) return config;
  if (generationOf(config)?.idsFile !== BASE) return config;
  const task = { ...config.task, idsFile: join(dirname(path), '..', 'ids.safetensors') };
  return { ...config, task, ...(config.initialWeights !== undefined && { initialWeights: { path } }) };
}

const row = (name: string, changes: readonly Override[]): TableRow => ({ name, recipe, changes, paper: {} });
const task = { key: 'task', text: JSON.stringify({ kind: 'generation', beams: 20, idsFile: BASE }) };

export const table = defineTable({
  title: 'Amazon Beauty goes on: what a model does with the tenth of the events that came after it was trained',
  source:
    'open question of generative retrieval (incremental training), with no published figure; the model is that of the recipe',
  notes: [
    'All rows are tested on the newest tenth of the events, in their turn, after all that came before. Left as it is: trained before the time that 80 % of the events lie before. Trained on: from there four epochs of all events up to 90 %, the codes as they were. Anew: twenty epochs of all events up to 90 %.',
    'Codes are fitted to title, categories, brand and price of the items that occur before 80 % of the events; the others get codes as new items do, and keep them, until anew: there they are fitted to all items that occur before 90 %. Weights anew: twenty epochs with the codes of before.',
    'New items first occur between 80 and 90 % of the events, old ones before. A target that 20 beams do not find is a miss.',
  ],
  metrics: [
    'HR@10',
    'NDCG@10',
    `HR@10, ${oldItems}`,
    `HR@10, ${newItems}`,
    `HR@10, first event of items ${first[1]}-1`,
  ],
  ownSplits: true,
  before: [{ name: 'base', recipe, changes: early, gives: 'weights', into: started }],
  rows: [
    row('left as it is', early),
    row('trained on', [
      ...late,
      task,
      { key: 'initialWeights.path', text: BASE },
      { key: 'training.epochs', text: '4' },
      { key: 'training.evaluateEvery', text: '4' },
    ]),
    row('weights anew', [...late, task]),
    row('anew', late),
    { ...row('item-kNN, left as it is', early), from: { row: 'left as it is', baseline: 'item-knn' } },
    { ...row('item-kNN, anew', late), from: { row: 'anew', baseline: 'item-knn' } },
  ],
  claims: [
    { better: 'trained on', worse: 'left as it is', metrics: ['HR@10', `HR@10, ${newItems}`] },
    { better: 'anew', worse: 'weights anew', metrics: ['HR@10', `HR@10, ${newItems}`] },
    { better: 'anew', worse: 'trained on', metrics: ['HR@10', `HR@10, ${oldItems}`] },
  ],
});
