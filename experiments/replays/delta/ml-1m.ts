import { defineReplay } from '../../src/studies/deltas/replay.ts';

export const replay = defineReplay({
  title: 'Deltas on ML-1M: what fresh weights are worth, and what of it some of their rows keep',
  source: 'none published; the bar is that 10 % of the rows keep 90 % of the gain for 20 % of the bytes',
  notes: [
    'ml-1m/hstu, dense AdamW on all weights. The older half of the events by time trains the base; the other half is replayed in 8 periods of 4 slices, of equal numbers of events.',
    'Test, then train: events of a slice are ranked with the weights that a consumer holds, all events before them as history, before training goes on with the users of the slice: their newest 200 events, of which those of the slice are new.',
    'Most users of ML-1M rate within one day, so that those of a slice are new ones mostly; the items are the same throughout.',
  ],
  recipe: 'ml-1m/hstu',
  base: 0.5,
  periods: 8,
  slices: 4,
  epochs: { base: 20, slice: 4 },
  queries: 400,
  frozen: 'frozen',
  freshest: 'full, each slice',
  bar: { line: 'delta, top 10 %', kept: 0.9, bytes: 0.2 },
  lines: [
    { name: 'frozen', after: 'never', send: 'full' },
    { name: 'full, each period', after: 'period', send: 'full' },
    { name: 'full, each slice', after: 'slice', send: 'full' },
    { name: 'delta, all rows', after: 'slice', send: { rows: { kind: 'touched' } } },
    { name: 'delta, all rows in int8', after: 'slice', send: { rows: { kind: 'touched' }, int8: true } },
    {
      name: 'delta, all rows in int8, each period',
      after: 'period',
      send: { rows: { kind: 'touched' }, int8: true },
    },
    { name: 'delta, top 10 %', after: 'slice', send: { rows: { kind: 'top', share: 0.1 } } },
    { name: 'delta, top 10 % in int8', after: 'slice', send: { rows: { kind: 'top', share: 0.1 }, int8: true } },
    { name: 'delta, no rows', after: 'slice', send: { rows: { kind: 'top', share: 0 } } },
  ],
});
