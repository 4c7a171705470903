import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, drawnRows, repeated, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { accuracy, calibrationRatio, expectedCalibrationError, reliabilityCurve } from './calibration.ts';
import { clickRows } from './rows.ts';

const rows = clickRows({ probabilities: [0.9, 0.1, 0.2, 0.6, 0.35], labels: [1, 0, 1, 0, 1] });

describe('calibration', () => {
  it('is predictions over labels; accuracy is of p >= 0.5', () => {
    expect(calibrationRatio(rows)).toBeCloseTo(2.15 / 3, 14);
    const weighted = clickRows({ probabilities: [0.9, 0.2, 0.5], labels: [1, 1, 1], weights: [1, 2, 5] });
    expect(calibrationRatio(weighted)).toBeCloseTo((0.9 + 0.4 + 2.5) / 8, 14);
    expect(accuracy(weighted)).toBeCloseTo(6 / 8, 14);
    expect(accuracy(weighted, { threshold: 0.6 })).toBeCloseTo(1 / 8, 14);
    expect(() => calibrationRatio(clickRows({ logits: [1], labels: [0] }))).toThrow(
      'calibration: expected positives; got 1 rows without',
    );
  });
});

describe('reliabilityCurve', () => {
  it('cuts whole rows as array_split: the first bins one longer', () => {
    const curve = reliabilityCurve(rows, { bins: 2, binning: 'equal-rows' });
    expect(curve).toHaveLength(2);
    expect(curve[0]).toMatchObject({ low: 0.1, high: 0.35, count: 3 });
    expect(curve[0].meanPrediction).toBeCloseTo(0.65 / 3, 14);
    expect(curve[0].meanLabel).toBeCloseTo(2 / 3, 14);
    expect(curve[1]).toEqual({ low: 0.6, high: 0.9, count: 2, meanPrediction: 0.75, meanLabel: 0.5 });
    expect(expectedCalibrationError(rows, { bins: 2, binning: 'equal-rows' })).toBeCloseTo(
      (3 * (2 / 3 - 0.65 / 3) + 2 * 0.25) / 5,
      14,
    );
  });

  it('cuts at equal mass, a row across a cut in two', () => {
    const curve = reliabilityCurve(rows, { bins: 2 });
    expect(curve.map(({ count }) => count)).toEqual([2.5, 2.5]);
    // 0.1, 0.2 and half of 0.35, whose label is 1.
    expect(curve[0].meanPrediction).toBeCloseTo((0.1 + 0.2 + 0.175) / 2.5, 14);
    expect(curve[0].meanLabel).toBeCloseTo(1.5 / 2.5, 14);
    expect(curve[1]).toMatchObject({ low: 0.35, high: 0.9 });
    expect(expectedCalibrationError(rows, { bins: 2 })).toBeCloseTo((1.5 - 0.475 + (1.675 - 1.5)) / 5, 14);
  });

  it('cuts by width, without the empty bins', () => {
    const curve = reliabilityCurve(clickRows({ probabilities: [0, 0.25, 1, 0.99], labels: [0, 1, 1, 0] }), {
      bins: 4,
      binning: 'equal-width',
    });
    expect(curve).toEqual([
      { low: 0, high: 0.25, count: 1, meanPrediction: 0, meanLabel: 0 },
      { low: 0.25, high: 0.5, count: 1, meanPrediction: 0.25, meanLabel: 1 },
      { low: 0.75, high: 1, count: 2, meanPrediction: 0.995, meanLabel: 0.5 },
    ]);
  });

  it('gives every bin the same mass, whatever the order of the rows, and takes weights as repeats', () => {
    fc.assert(
      fc.property(drawnRows, fc.integer({ min: 1, max: 7 }), (drawn, bins) => {
        const given = clickRows(weightedColumnsOf(drawn));
        const curve = reliabilityCurve(given, { bins });
        expect(curve).toHaveLength(bins);
        for (const { count } of curve) expect(count).toBeCloseTo(given.totalWeight / bins, 9);
        const error = expectedCalibrationError(given, { bins });
        const reversed = clickRows(weightedColumnsOf([...drawn].reverse()));
        expect(expectedCalibrationError(reversed, { bins })).toBeCloseTo(error, 10);
        expect(expectedCalibrationError(clickRows(columnsOf(repeated(drawn))), { bins })).toBeCloseTo(error, 10);
      }),
    );
  });

  it('is straight for one bin: the difference of the means', () => {
    expect(expectedCalibrationError(rows, { bins: 1 })).toBeCloseTo(0.6 - 2.15 / 5, 14);
    expect(() => reliabilityCurve(rows, { bins: 0 })).toThrow(
      'reliability: bins: expected a whole number from 1; got 0',
    );
  });
});
