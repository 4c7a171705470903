import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawnRows, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { normalizedEntropy } from './log-loss.ts';
import { fittedShift, recalibratedEntropy } from './recalibration.ts';
import { clickRows } from './rows.ts';
import { sigmoid } from './sigmoid.ts';

describe('recalibratedEntropy', () => {
  it('does not change when all logits are shifted, while NE does', () => {
    fc.assert(
      fc.property(drawnRows, fc.double({ min: -30, max: 30, noNaN: true }), (drawn, delta) => {
        const columns = weightedColumnsOf(drawn);
        const { value } = recalibratedEntropy(clickRows(columns));
        const shifted = clickRows({ ...columns, logits: columns.logits.map((z) => z + delta) });
        expect(Math.abs(recalibratedEntropy(shifted).value - value)).toBeLessThan(1e-9);
      }),
    );
    const columns = { logits: [2, 0.5, -1, -2, 1], labels: [1, 0, 1, 0, 0] };
    const shifted = clickRows({ ...columns, logits: columns.logits.map((z) => z + 3) });
    expect(normalizedEntropy(shifted) - recalibratedEntropy(shifted).value).toBeGreaterThan(1);
  });

  it('makes the mean prediction that of the labels', () => {
    fc.assert(
      fc.property(drawnRows, (drawn) => {
        const rows = clickRows(weightedColumnsOf(drawn));
        const shift = fittedShift(rows);
        const sum = rows.weightedSum(rows.logits.map((z) => sigmoid(z + shift)));
        expect(Math.abs(sum - rows.positiveWeight)).toBeLessThan(1e-9);
      }),
    );
  });

  it('takes a coefficient: p / (p + (1 - p) / c)', () => {
    const probabilities = [0.2, 0.7, 0.4];
    const labels = [0, 1, 1];
    const c = 0.5;
    const found = recalibratedEntropy(clickRows({ probabilities, labels }), { coefficient: c });
    const moved = probabilities.map((p) => p / (p + (1 - p) / c));
    expect(found.coefficient).toBeCloseTo(c, 14);
    expect(found.value).toBeCloseTo(normalizedEntropy(clickRows({ probabilities: moved, labels })), 13);
  });

  it('has no value where nothing fits', () => {
    expect(() => recalibratedEntropy(clickRows({ logits: [1], labels: [1] }))).toThrow(
      'expected positives and negatives',
    );
    const certain = clickRows({ probabilities: [1, 1, 0.5, 0.4], labels: [1, 0, 0, 0] }, { clip: 0 });
    expect(() => recalibratedEntropy(certain)).toThrow('NE recalibrated: expected a coefficient that makes');
    expect(() => recalibratedEntropy(clickRows({ logits: [1, 2], labels: [1, 0] }), { coefficient: 0 })).toThrow(
      'NE recalibrated: coefficient: expected a number above 0; got 0',
    );
  });
});
