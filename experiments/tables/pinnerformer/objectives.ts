import { futureWindow, protocolNotes, sizes } from '../../src/studies/reproduce/pinnerformer.ts';
import { defineTable } from '../../src/studies/reproduce/table.ts';

const labels = (kind: string, more: Readonly<Record<string, string>> = {}) => [
  { key: 'objective.labels.kind', text: kind },
  ...Object.entries(more).map(([key, text]) => ({ key: `objective.labels.${key}`, text })),
];
const recipe = 'online-retail/pinnerformer';

export const table = defineTable({
  title: 'What a user vector has to predict: next action, SASRec, all actions, dense all actions',
  source: 'Pancha et al. 2022, tables 2 and 3 (arXiv:2205.04507)',
  notes: [
    ...protocolNotes,
    'In each step a history is cut at a random event, later events are labels; every row sees the same number of histories. Next action and all action learn from the newest position alone, SASRec and dense all action from earlier ones too.',
    'kept daily: recall with a vector a day over recall with a vector before every moment. Published: .251 to .216 for the SASRec objective, .264 to .243 for dense all action.',
  ],
  metrics: ['Recall@10', 'Recall@10, daily', 'Recall@10, real time', 'kept daily', 'P90Coverage@10'],
  future: futureWindow,
  sizes,
  defaultSize: 'recipe',
  rows: [
    {
      name: 'next action',
      recipe,
      changes: labels('next-action', { cut: 'random' }),
      paper: { 'Recall@10': 0.186, 'P90Coverage@10': 0.05 },
    },
    {
      name: 'SASRec',
      recipe,
      changes: labels('sasrec', { cut: 'random' }),
      paper: {
        'Recall@10': 0.198,
        'Recall@10, daily': 0.216,
        'Recall@10, real time': 0.251,
        'kept daily': 0.861,
        'P90Coverage@10': 0.048,
      },
    },
    {
      name: 'all action, 28 days',
      recipe,
      changes: labels('all-action'),
      paper: { 'Recall@10': 0.224, 'P90Coverage@10': 0.028 },
    },
    {
      name: 'dense all action, 14 days',
      recipe,
      changes: labels('dense-all-action', { windowDays: '14' }),
      paper: { 'Recall@10': 0.223, 'P90Coverage@10': 0.043 },
    },
    {
      name: 'dense all action, 28 days',
      recipe,
      paper: {
        'Recall@10': 0.229,
        'Recall@10, daily': 0.243,
        'Recall@10, real time': 0.264,
        'kept daily': 0.92,
        'P90Coverage@10': 0.042,
      },
    },
  ],
  claims: [
    { better: 'dense all action, 28 days', worse: 'next action', metrics: ['Recall@10'] },
    { better: 'dense all action, 28 days', worse: 'SASRec', metrics: ['Recall@10', 'kept daily'] },
    { better: 'dense all action, 28 days', worse: 'all action, 28 days', metrics: ['Recall@10'] },
    { better: 'dense all action, 28 days', worse: 'dense all action, 14 days', metrics: ['Recall@10'] },
    { better: 'all action, 28 days', worse: 'SASRec', metrics: ['Recall@10'] },
    { better: 'SASRec', worse: 'next action', metrics: ['Recall@10'] },
  ],
});
