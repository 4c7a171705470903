import { defineTable } from '../../src/studies/reproduce/table.ts';
import {
  windowMetrics,
  windowMetricsLowerIsBetter,
  windowSizes,
  windowTestNotes,
} from '../../src/studies/reproduce/window-comparison.ts';

/** A policy at K = 50, in every epoch, as changes of the recipe, which is mixed. */
const row = (policy: string, changes: Readonly<Record<string, string>> = {}) => ({
  name: policy,
  recipe: 'ml-1m/hstu-sliding',
  changes: [
    { key: 'windows.policy', text: policy },
    ...(policy === 'control' ? [] : [{ key: 'windows.schedule.controlEpochs', text: '0' }]),
    ...Object.entries(changes).map(([key, text]) => ({ key, text })),
  ],
  paper: {},
});

const rows = [
  row('control'),
  row('one-random'),
  row('round-robin', { 'windows.stride': '25' }),
  row('weighted', { 'windows.decay': '50' }),
  row('strided-offset', { 'windows.budget': 'steps' }),
  row('all-windows', { 'windows.budget': 'steps' }),
];

export const table = defineTable({
  title: 'Every sliding policy on ML-1M at equal steps',
  source:
    'Joshi et al., "Sliding Window Training", RecSys 2024 (arXiv:2409.14517), which does not publish the draw inside an epoch',
  notes: [
    'K = 50, reach 500 events, 100 epochs of 6,040 users less the held-out ones, the last epoch tested. One window a user and epoch in the first four rows: equal steps and tokens. `strided-offset` and `all-windows` are held to as many windows an epoch (`windows.budget steps`): equal steps, more tokens, since long histories have more windows.',
    ...windowTestNotes,
  ],
  metrics: windowMetrics,
  lowerIsBetter: windowMetricsLowerIsBetter,
  sizes: windowSizes,
  defaultSize: 'full',
  rows,
  claims: [],
  gains: [{ over: 'control', rows: rows.slice(1).map(({ name }) => name), metrics: windowMetrics }],
});
