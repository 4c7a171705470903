import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UndefinedMetricError } from '../../errors.ts';
import { columnsOf, drawnRows, repeated, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { calibrationFreeEntropy, logLoss, normalizedEntropy } from './log-loss.ts';
import { clickRows } from './rows.ts';
import { logit } from './sigmoid.ts';

const rows = clickRows({ probabilities: [0.8, 0.4, 0.1, 0.5], labels: [1, 0, 0, 1], weights: [1, 2, 1, 1] });
const loss = -(Math.log(0.8) + 2 * Math.log(0.6) + Math.log(0.9) + Math.log(0.5)) / 5;

describe('logLoss', () => {
  it('is by hand, in nats or bits', () => {
    expect(logLoss(rows)).toBeCloseTo(loss, 14);
    expect(logLoss(rows, { unit: 'bits' })).toBeCloseTo(loss / Math.log(2), 14);
  });

  it('is the same from logits as from probabilities, and keeps digits that a probability near 1 has not', () => {
    const labels = [1, 0, 1];
    const probabilities = [0.3, 0.01, 0.999];
    const ofLogits = logLoss(clickRows({ logits: probabilities.map(logit), labels }));
    expect(logLoss(clickRows({ probabilities, labels }))).toBeCloseTo(ofLogits, 13);
    expect(logLoss(clickRows({ logits: [60], labels: [1] })) / Math.exp(-60)).toBeCloseTo(1, 12);
    expect(logLoss(clickRows({ logits: [800], labels: [0] }))).toBe(800);
    expect(logLoss(clickRows({ logits: [-800], labels: [1] }))).toBe(800);
  });

  it('holds probabilities 1e-7 from 0 and 1 unless told otherwise, and logits only when told', () => {
    expect(logLoss(clickRows({ probabilities: [0, 1], labels: [1, 0] }))).toBeCloseTo(-Math.log(1e-7), 12);
    expect(logLoss(clickRows({ probabilities: [0], labels: [1] }, { clip: 0.01 }))).toBeCloseTo(-Math.log(0.01), 12);
    expect(logLoss(clickRows({ logits: [-90], labels: [1] }, { clip: 0.01 }))).toBeCloseTo(-Math.log(0.01), 12);
  });

  it('has no value where it is infinite, but a row without weight does not count', () => {
    const certain = (weights: number[]) => () =>
      logLoss(clickRows({ probabilities: [0.5, 0, 1], labels: [0, 1, 1], weights }, { clip: 0 }));
    expect(certain([1, 1, 1])).toThrow(UndefinedMetricError);
    expect(certain([1, 1, 1])).toThrow(
      'logloss: expected probabilities between 0 and 1; got 0 for label 1 in row 1, an infinite loss; give a clip',
    );
    expect(certain([1, 0, 1])()).toBeCloseTo(Math.log(2) / 2, 14);
  });

  it('is convex in the logits, and takes weights as repeats', () => {
    fc.assert(
      fc.property(drawnRows, fc.double({ min: 0, max: 1, noNaN: true }), (drawn, share) => {
        const columns = weightedColumnsOf(drawn);
        const at = (logits: number[]): number => logLoss(clickRows({ ...columns, logits }));
        const other = columns.logits.map((_, i) => columns.logits[(i + 1) % columns.logits.length] - 0.5);
        const between = columns.logits.map((z, i) => share * z + (1 - share) * other[i]);
        expect(at(between)).toBeLessThanOrEqual(share * at(columns.logits) + (1 - share) * at(other) + 1e-12);
        expect(logLoss(clickRows(columnsOf(repeated(drawn))))).toBeCloseTo(at(columns.logits), 12);
      }),
    );
  });
});

describe('normalizedEntropy', () => {
  it('divides by the entropy of the share of positives', () => {
    const entropy = -(0.4 * Math.log(0.4) + 0.6 * Math.log(0.6));
    expect(normalizedEntropy(rows)).toBeCloseTo(loss / entropy, 14);
  });

  it('is 1 for the base rate, its own or a given one', () => {
    const labels = [1, 0, 0, 0, 1];
    const constant = (p: number) => clickRows({ probabilities: labels.map(() => p), labels });
    expect(normalizedEntropy(constant(0.4))).toBeCloseTo(1, 14);
    expect(normalizedEntropy(constant(0.1), { baseRate: 0.1 })).toBeCloseTo(1, 14);
    expect(normalizedEntropy(constant(0.1))).toBeGreaterThan(1.2);
  });

  it('has no value for one class, and takes no base rate of 0', () => {
    expect(() => normalizedEntropy(clickRows({ logits: [0], labels: [1] }))).toThrow(
      'NE: expected positives and negatives; got a weight of 1 and 0',
    );
    expect(() => normalizedEntropy(rows, { baseRate: 0 })).toThrow(
      'NE: baseRate: expected a number between 0 and 1; got 0',
    );
  });
});

describe('calibrationFreeEntropy', () => {
  it('compares with the mean prediction', () => {
    const mean = (0.8 + 2 * 0.4 + 0.1 + 0.5) / 5;
    const ofMean = -(0.4 * Math.log(mean) + 0.6 * Math.log(1 - mean));
    expect(calibrationFreeEntropy(rows)).toBeCloseTo(loss / ofMean, 14);
    const summed = normalizedEntropy(rows) / ((5 * ofMean) / Math.log(2));
    expect(calibrationFreeEntropy(rows, { summed: true })).toBeCloseTo(summed, 14);
  });
});
