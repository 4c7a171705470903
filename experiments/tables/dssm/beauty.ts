import { logQTable } from '../../src/studies/reproduce/logq-table.ts';

export const table = logQTable({
  title: 'DSSM on Amazon Beauty: where negatives come from, and the forms of logQ',
  recipe: 'amazon-beauty/dssm',
  inBatch: 512,
  random: 512,
  temperature: 0.05,
  notes: [
    'Cut by time at 90 % of the events, the next event of each user after the cut is the target: 1,127 of 5,585 targets are of the 201 items that appear after the validation cut. The item tower reads id, categories, brand, price and title; ids are dropped for a share of .2 of the items in each step.',
  ],
  coldItems: true,
  future: { days: 28, excludeSeen: true },
});
