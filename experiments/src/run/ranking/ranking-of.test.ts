import { expect, test } from 'vitest';
import { selectedValue } from './ranking-of.ts';

test('a metric without a value chooses no checkpoint', () => {
  expect(selectedValue({ AUC: 0.6 }, 'AUC')).toBe(0.6);
  expect(() => selectedValue({ AUC: 0.6 }, 'GAUC')).toThrow(
    'evaluation.selectBy: expected a metric that has a value after every epoch, which the best checkpoint is chosen by; got GAUC without; choose by one of AUC',
  );
});
