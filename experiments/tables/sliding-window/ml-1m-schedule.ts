import { defineTable } from '../../src/studies/reproduce/table.ts';

const metrics = ['validation/HR@10', 'validation/NDCG@10', 'validation/MRR'];

/** X of N = 100 epochs, all with a reach of 500 events and K = 50. */
const schedule = (name: string, controlEpochs: number, order: string) => ({
  name,
  recipe: 'ml-1m/hstu-sliding',
  changes: [
    { key: 'windows.schedule.epochs', text: '100' },
    { key: 'windows.schedule.controlEpochs', text: String(controlEpochs) },
    { key: 'windows.schedule.order', text: order },
  ],
  paper: {},
});

const rows = [
  schedule('X/N = 1', 100, 'interleaved'),
  schedule('X/N = .75', 75, 'interleaved'),
  schedule('X/N = .5', 50, 'interleaved'),
  schedule('X/N = .25', 25, 'interleaved'),
  schedule('X/N = 0', 0, 'interleaved'),
  schedule('X/N = .5, control first', 50, 'control-first'),
  schedule('X/N = .5, sliding first', 50, 'sliding-first'),
];

export const table = defineTable({
  title: 'Sliding-window training on ML-1M: how many control epochs, in which order',
  source:
    'Joshi et al., "Sliding Window Training", RecSys 2024 (arXiv:2409.14517): X chosen by validation, order not published',
  notes: [
    'Mixed-500 at K = 50, otherwise the protocol of sliding-window/ml-1m. Only validation figures are shown: this is a choice, and the test sets are not for choosing. X/N = 1 is control.',
    'The schedule is over 100 epochs; with fewer (`--epochs`), only the beginning of it is seen.',
  ],
  metrics,
  rows,
  claims: [],
  gains: [{ over: 'X/N = 1', rows: rows.slice(1).map(({ name }) => name), metrics }],
});
