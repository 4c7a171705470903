// What the tables of sliding-window training share. Fixed before any test set was looked at.

const ofSet = (set: string) => ['HR@10', 'NDCG@10', 'MRR', 'perplexity'].map((metric) => `${set}/${metric}`);

/** Figures of a comparison of windows: the three test sets, item vectors over all and by popularity. */
export const windowMetrics = [
  ...['recent', 'older', 'future'].flatMap(ofSet),
  ...['items/mAP', 'items/Recall@100', 'items/mAP decile 1', 'items/mAP decile 5', 'items/mAP decile 10'],
];

export const windowMetricsLowerIsBetter = windowMetrics.filter((metric) => metric.endsWith('perplexity'));

export const windowTestNotes = [
  'Test sets: 20 % of the users are held out of training and validation; recent is their latest window, older a random earlier one (both: every event in it with one before), future the last event of all users. Exact ranks among all movies but those of the window; perplexity over all movies, at temperature 0.05 of a model trained with 128 sampled negatives.',
  'Item vectors: movies with exactly the same set of genres, by cosine; deciles by training events, 1 the least popular.',
  'Sizes: `full` is the experiment, on ML-1M: 10 % of the timestamps of the file at hand are interpolated, and events that share a second are in its order. `small` is of ML-100K, 4 epochs: it shows that the command works and nothing about windows.',
];

export const windowSizes = {
  full: [],
  small: [
    { key: 'data.name', text: 'ml-100k' },
    { key: 'training.epochs', text: '4' },
    { key: 'training.evaluateEvery', text: '4' },
  ],
};
