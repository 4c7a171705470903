import { featureTable } from '../../src/studies/reproduce/feature-table.ts';

export const table = featureTable({
  title: 'Features of items on ML-1M: genres, year and title',
  dataset: 'ml-1m',
  features: ['genres', 'year', { column: 'title', minCount: 2 }],
  changes: {
    'data.coldItems.share': '0.05',
    'training.epochs': '12',
    'training.evaluateEvery': '12',
    'evaluation.ties': 'expected',
  },
  notes: [
    'Protocol of ml-1m/*, the last event of every user, after 12 of 101 epochs. ML-1M has no cold items of its own: the events of 5 % of the films are taken out of training (data.coldItems), all targets stay.',
  ],
});
