import { logQTable } from '../../src/studies/reproduce/logq-table.ts';

export const table = logQTable({
  title: 'DSSM on ML-1M: where negatives come from, and the forms of logQ',
  recipe: 'ml-1m/dssm',
  inBatch: 512,
  random: 512,
  temperature: 0.05,
  changes: { 'evaluation.ties': 'expected' },
  notes: [
    'Protocol of ml-1m/*, the last event of every user; windows of the latest 100 events. The query tower reads the id, gender, age and occupation of the user and the mean of the latest 20 films, the item tower id, genres and year.',
  ],
});
