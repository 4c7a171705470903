import type { Override } from '../../arguments.ts';
import type { FutureTable } from './table.ts';

// What the tables of the PinnerFormer paper share here.

/** The paper's window. Customers buy things again: nothing is left out as seen. */
export const futureWindow: FutureTable = { days: 14, excludeSeen: false };

/** Protocol and data, for the notes of a table. */
export const protocolNotes: readonly string[] = [
  'Data: Online Retail (UCI), a year of purchases of 4,339 customers to the minute, cancellations left out. It is the one public set at hand with real timestamps over months and long histories (median 41 events): MovieLens users rate in one sitting, Amazon has whole days, Yelp 7 events a user. It has no categories, so no interest entropy.',
  'Split by time: training before 80 % of the events, then validation, test window of 14 days from 90 %. Targets are all purchases of the window of customers known before; all items are candidates; recall is over all targets, from one vector a customer unless said otherwise. Unlike in the paper the customers of training and test are the same.',
  'Epochs (15 or 40) and learning rate (1e-3 or 3e-3) were chosen on the validation window, by dense all action with mixed negatives and logQ, seed 42, before any other row was trained; the last epoch counts, in every row.',
  'A purchase of many items has one time. Their order is a seeded shuffle, an item of the same purchase is never in a window of days, but it is the next action of the one before it.',
  'Item vectors are learned, not fixed content vectors; sizes are far below the published ones. Levels need not agree, the claims are the order.',
];

/** `tiny` shows that the command works and nothing about the objectives. */
export const sizes: Readonly<Record<string, readonly Override[]>> = {
  tiny: [
    { key: 'training.epochs', text: '1' },
    { key: 'data.kCore', text: '100' },
    { key: 'model.maxSequenceLength', text: '32' },
  ],
  recipe: [],
};
