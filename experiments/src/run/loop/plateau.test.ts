import type { Evaluation, Model } from '@seqrec/models';
import { expect, test } from 'vitest';
import { selectionValue } from '../evaluation/selection.ts';
import { betterOf, type SetFigures } from './figures.ts';
import { observePlateau } from './plateau.ts';

/** A trainer whose rate falls on a plateau, and what it was told. */
function trainer(metric?: string) {
  const told: [number, string][] = [];
  const schedule = { kind: 'plateau', metric, patience: 0 };
  const update = {
    plateau: { factor: 1 },
    observe: (value: number, better: string) => {
      told.push([value, better]);
    },
  };
  return { told, trainer: { options: { schedule, learningRate: 0.1 }, update } as never };
}

const judge = {
  value: ({ metrics }: SetFigures, metric: string) => metrics[metric],
  better: 'larger',
  selectBy: 'AUC',
} as const;
const figures = { metrics: { AUC: 0.7, logloss: 0.4 }, warnings: [] };

test('a plateau is told the metric of its schedule, or that which chooses the checkpoint', () => {
  const own = trainer('logloss');
  observePlateau(own.trainer, figures, judge);
  expect(own.told).toEqual([[0.4, 'smaller']]);
  const usual = trainer();
  observePlateau(usual.trainer, figures, judge);
  expect(usual.told).toEqual([[0.7, 'larger']]);
});

test('a metric of a task is as much better as the task says, of whichever label', () => {
  const known = [{ name: 'cost', better: 'smaller' }] as const;
  const { told, trainer: rate } = trainer('cost|buy');
  observePlateau(rate, { metrics: { 'cost|buy': 3 }, warnings: [] }, { ...judge, known });
  expect(told).toEqual([[3, 'smaller']]);
  expect(betterOf('cost')).toBe('larger');
  expect(betterOf('cost', known)).toBe('smaller');
  expect(betterOf('logloss|buy', known)).toBe('smaller');
});

test('a metric without a value is an error, and no state that cannot be read again', () => {
  const { told, trainer: rate } = trainer('RAUC');
  expect(() => observePlateau(rate, figures, judge)).toThrow(
    'optimizer.schedule.metric: expected a metric that has a value after every epoch; got RAUC without; use one of AUC, logloss',
  );
  expect(told).toEqual([]);
});

test('ties of the metric of a schedule count as those of the metric that chooses', () => {
  const evaluation = {
    ...{ ranks: Int32Array.of(1, 1), tied: Int32Array.of(0, 3), ties: 'optimistic' },
    ...{ metrics: { 'HR@1': 1, MRR: 1 }, warnings: [] },
  } as unknown as Evaluation;
  const { told, trainer: rate } = trainer('HR@1');
  observePlateau<Model, Evaluation>(rate, evaluation, { value: selectionValue, better: 'larger', selectBy: 'MRR' });
  expect(told).toEqual([[(1 + 1 / 4) / 2, 'larger']]);
});
