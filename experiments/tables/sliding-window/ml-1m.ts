import { defineTable } from '../../src/reproduce/table.ts';

/** The arms of the paper at a window of K events, as changes of the recipe, which is mixed-500. */
const arms = (K: number) => {
  const arm = (name: string, changes: Readonly<Record<string, string>>) => ({
    name: `${name}, K = ${K}`,
    recipe: 'ml-1m/hstu-sliding',
    changes: [
      { key: 'model.maxSequenceLength', text: String(K) },
      ...Object.entries(changes).map(([key, text]) => ({ key, text })),
    ],
    paper: {},
  });
  return [
    arm('control', { 'windows.policy': 'control' }),
    arm('all-sliding', { 'windows.maxHistory': 'all', 'windows.schedule.controlEpochs': '0' }),
    arm('mixed-500', { 'windows.maxHistory': '500' }),
    arm('mixed-1000', { 'windows.maxHistory': '1000' }),
  ];
};

const ofSet = (set: string) => ['HR@10', 'NDCG@10', 'MRR', 'perplexity'].map((metric) => `${set}/${metric}`);
const metrics = [
  ...['recent', 'older', 'future'].flatMap(ofSet),
  ...['items/mAP', 'items/Recall@100', 'items/mAP decile 1', 'items/mAP decile 5', 'items/mAP decile 10'],
];

export const table = defineTable({
  title: 'Sliding-window training on ML-1M: same shape of effects, public data',
  source: 'Joshi et al., "Sliding Window Training", RecSys 2024 (arXiv:2409.14517)',
  notes: [
    'The paper compares these arms on private data and reports gains of every sliding arm over control on perplexity, MRR, and mAP and recall of item vectors; its figures are relative to a control that cannot be had, so the shape of the effects is compared and no figure.',
    'Protocol, fixed beforehand: HSTU of 2 blocks and width 50, K = 50 and 100; 100 epochs of one window per user, so equal epochs, equal steps and equal tokens in every arm of a K; the last epoch is tested in every arm, nothing is chosen by a test set.',
    'Arms: control, the newest window; all-sliding, one uniform window of the whole history an epoch; mixed, X = N / 2, a sliding epoch and a control epoch in turn, reaching back over 500 or 1000 events. The paper chooses X by validation and does not say the order: sliding-window/ml-1m-schedule compares both on the validation set.',
    'Test sets: 20 % of the users are held out of training and validation; recent is their latest window, older a random earlier one (both: every event in it with one before), future the last event of all users. Exact ranks among all movies but those of the window; perplexity over all movies, at temperature 0.05 of a model trained with 128 sampled negatives.',
    'Item vectors: movies with exactly the same set of genres, by cosine; deciles by training events, 1 the least popular.',
    'The file at hand has 10 % of its timestamps interpolated, and events that share a second are in the order of the file.',
    'Sizes: `full` is the experiment; `small` (ML-100K, 4 epochs) shows that the command works and nothing about windows.',
  ],
  metrics,
  lowerIsBetter: metrics.filter((metric) => metric.endsWith('perplexity')),
  sizes: {
    full: [],
    small: [
      { key: 'data.name', text: 'ml-100k' },
      { key: 'training.epochs', text: '4' },
      { key: 'training.evaluateEvery', text: '4' },
    ],
  },
  defaultSize: 'full',
  rows: [50, 100].flatMap(arms),
  claims: [],
  gains: [50, 100].map((K) => ({
    over: `control, K = ${K}`,
    rows: [`all-sliding, K = ${K}`, `mixed-500, K = ${K}`, `mixed-1000, K = ${K}`],
    metrics,
  })),
});
