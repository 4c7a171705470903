import { defineTable } from '../../src/studies/reproduce/table.ts';
import {
  windowMetrics,
  windowMetricsLowerIsBetter,
  windowSizes,
  windowTestNotes,
} from '../../src/studies/reproduce/window-comparison.ts';

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

export const table = defineTable({
  title: 'Sliding-window training on ML-1M: same shape of effects, public data',
  source: 'Joshi et al., "Sliding Window Training", RecSys 2024 (arXiv:2409.14517)',
  notes: [
    'The paper compares these arms on private data and reports gains of every sliding arm over control on perplexity, MRR, and mAP and recall of item vectors; its figures are relative to a control that cannot be had, so the shape of the effects is compared and no figure.',
    'Protocol, fixed beforehand: HSTU of 2 blocks and width 50, K = 50 and 100; 100 epochs of one window per user, so equal epochs, equal steps and equal tokens in every arm of a K; the last epoch is tested in every arm, nothing is chosen by a test set.',
    'Arms: control, the newest window; all-sliding, one uniform window of the whole history an epoch; mixed, X = N / 2, a sliding epoch and a control epoch in turn, reaching back over 500 or 1000 events. The paper chooses X by validation and does not say the order: sliding-window/ml-1m-schedule compares both on the validation set.',
    ...windowTestNotes,
  ],
  metrics: windowMetrics,
  lowerIsBetter: windowMetricsLowerIsBetter,
  sizes: windowSizes,
  defaultSize: 'full',
  rows: [50, 100].flatMap(arms),
  claims: [],
  gains: [50, 100].map((K) => ({
    over: `control, K = ${K}`,
    rows: [`all-sliding, K = ${K}`, `mixed-500, K = ${K}`, `mixed-1000, K = ${K}`],
    metrics: windowMetrics,
  })),
});
