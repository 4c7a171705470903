import { expect, test } from 'vitest';
import { betterOf } from './figures.ts';
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

const judge = { better: 'larger', selectBy: 'AUC' } as const;
const figures = { metrics: { AUC: 0.7, logloss: 0.4 }, warnings: [] };

test('a plateau is told the metric of its schedule, or that which chooses the checkpoint', () => {
  const own = trainer('logloss');
  observePlateau(own.trainer, figures, 0.7, judge);
  expect(own.told).toEqual([[0.4, 'smaller']]);
  const usual = trainer();
  observePlateau(usual.trainer, figures, 0.7, judge);
  expect(usual.told).toEqual([[0.7, 'larger']]);
});

test('a metric of a task is as much better as the task says, of whichever label', () => {
  const known = [{ name: 'cost', better: 'smaller' }] as const;
  const { told, trainer: rate } = trainer('cost|buy');
  observePlateau(rate, { metrics: { 'cost|buy': 3 }, warnings: [] }, 0.7, { ...judge, known });
  expect(told).toEqual([[3, 'smaller']]);
  expect(betterOf('cost')).toBe('larger');
  expect(betterOf('cost', known)).toBe('smaller');
  expect(betterOf('logloss|buy', known)).toBe('smaller');
});

test('a metric without a value is an error, and no state that cannot be read again', () => {
  const { told, trainer: rate } = trainer('RAUC');
  expect(() => observePlateau(rate, figures, 0.7, judge)).toThrow(
    'optimizer.schedule.metric: expected a metric that has a value after every epoch; got RAUC without; use one of AUC, logloss',
  );
  expect(told).toEqual([]);
});
