import { featureTable } from '../../src/studies/reproduce/feature-table.ts';

export const table = featureTable({
  title: 'Features of items on Amazon Beauty: categories, brand, price and title',
  dataset: 'amazon-beauty',
  features: ['categories', 'brand', 'price', { column: 'title', minCount: 3 }],
  notes: [
    'Cut by time at 90 % of the events, the next event of each user after the cut is the target: 1,127 of 5,585 targets are of the 201 items that appear after the validation cut.',
  ],
});
