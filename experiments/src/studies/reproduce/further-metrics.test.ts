import { expect, it } from 'vitest';
import { partMetrics, recalibratedMetrics } from './further-metrics.ts';

it('names the metrics of parts by metric, column and part', () => {
  const parts = [
    { segment: '1-7', rows: 60, metrics: { 'HR@10': 0.2 } },
    { segment: '8-14', rows: 70, metrics: { 'HR@10': 0.1 } },
  ];
  expect(partMetrics([{ column: 'days', parts }])).toEqual({ 'HR@10, days 1-7': 0.2, 'HR@10, days 8-14': 0.1 });
  expect(partMetrics()).toEqual({});
});

it('names the metrics of calibrators, and leaves those of the model itself out', () => {
  const variant = (name: string, ECE: number) => ({ name, metrics: { ECE }, curve: [] });
  const variants = [variant('model', 0.05), variant('platt', 0.02), variant('isotonic', 0.01)];
  const calibration = { split: 'test', variants, definitions: [] };
  expect(recalibratedMetrics(calibration)).toEqual({ 'ECE, platt': 0.02, 'ECE, isotonic': 0.01 });
  expect(recalibratedMetrics(undefined)).toEqual({});
});
