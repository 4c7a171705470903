import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, drawnRows, repeated, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { recalibrate } from './calibrator.ts';
import { fitIsotonic } from './isotonic.ts';
import { logLoss } from './log-loss.ts';
import { fitPlatt } from './platt.ts';
import { clickRows } from './rows.ts';
import { sigmoid } from './sigmoid.ts';

const overlapping = drawnRows.filter((rows) => {
  const ends = [0, 1].map((label) => {
    const own = rows.filter(({ y, w }) => y === label && w > 0).map(({ z }) => z);
    return [Math.min(...own), Math.max(...own)];
  });
  // Far enough for a best slope that is no larger than a few thousand.
  return ends[1][0] < ends[0][1] - 0.1 && ends[0][0] < ends[1][1] - 0.1;
});

describe('fitPlatt', () => {
  it('stands where the likelihood has no slope, and does not follow the scale of the logits', () => {
    fc.assert(
      fc.property(overlapping, (drawn) => {
        const rows = clickRows(weightedColumnsOf(drawn));
        const { slope, intercept } = fitPlatt(rows);
        const errors = rows.logits.map((z, row) => sigmoid(slope * z + intercept) - rows.labels[row]);
        expect(Math.abs(rows.weightedSum(errors))).toBeLessThan(1e-11);
        expect(Math.abs(rows.weightedSum(errors.map((error, row) => error * rows.logits[row])))).toBeLessThan(1e-10);
        const wide = fitPlatt(
          clickRows({ ...weightedColumnsOf(drawn), logits: drawn.map(({ z }) => 1000 * z + 5000) }),
        );
        expect(wide.slope * 1000).toBeCloseTo(slope, 5);
        const often = fitPlatt(clickRows(columnsOf(repeated(drawn))));
        expect(often.slope).toBeCloseTo(slope, 6);
      }),
    );
  });

  it('finds slope and intercept that labels were made from', () => {
    // Each logit with its expected share of positives as weights.
    const logits = [-2, -1, 0, 1, 2];
    const rows = clickRows({
      logits: [...logits, ...logits],
      labels: [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
      weights: [1, -1].flatMap((sign) => logits.map((z) => sigmoid(sign * (0.5 * z - 0.3)))),
    });
    const platt = fitPlatt(rows);
    expect(platt.slope).toBeCloseTo(0.5, 12);
    expect(platt.intercept).toBeCloseTo(-0.3, 12);
    expect(platt.predict([4])[0]).toBeCloseTo(sigmoid(1.7), 12);
    expect(platt.definition).toContain('sigmoid(0.500000 logit + -0.300000), maximum likelihood on 10 rows');
  });

  it('smooths the labels on request: one logit of each class then has a slope', () => {
    const apart = clickRows({ logits: [-1, 1, 1], labels: [0, 1, 1] });
    const { slope, intercept } = fitPlatt(apart, { smoothing: true });
    // Two points, two parameters: both targets are met, 1 / (1 + 2) and (2 + 1) / (2 + 2).
    expect(sigmoid(intercept - slope)).toBeCloseTo(1 / 3, 12);
    expect(sigmoid(intercept + slope)).toBeCloseTo(3 / 4, 12);
    expect(() => fitPlatt(apart)).toThrow(
      'platt: expected positives and negatives that overlap; got logits of -1 to -1 for label 0 and of 1 to 1 for label 1; use more rows, or smoothing',
    );
  });

  it('refuses rows without a best slope', () => {
    expect(() => fitPlatt(clickRows({ logits: [1, 1], labels: [0, 1] }))).toThrow(
      'expected logits that differ; got 2 rows of 1',
    );
    expect(() => fitPlatt(clickRows({ logits: [0, 1], labels: [1, 1] }))).toThrow(
      'expected positives and negatives; got 2',
    );
    expect(() => fitPlatt(clickRows({ probabilities: [0, 1], labels: [1, 0] }, { clip: 0 }))).toThrow(
      'platt: expected finite logits; got a probability of 0 in row 0; give a clip',
    );
  });
});

describe('fitIsotonic', () => {
  it('is max over beginnings, min over ends of the mean label, the least squares of the definition', () => {
    fc.assert(
      fc.property(drawnRows, (drawn) => {
        const isotonic = fitIsotonic(clickRows(weightedColumnsOf(drawn)));
        const counted = drawn.filter(({ w }) => w > 0);
        const distinct = [...new Set(counted.map(({ z }) => z + 0))].sort((a, b) => a - b);
        const meanOf = (low: number, high: number): number => {
          const inside = counted.filter(({ z }) => z >= low && z <= high);
          return inside.reduce((sum, { y, w }) => sum + w * y, 0) / inside.reduce((sum, { w }) => sum + w, 0);
        };
        const expected = distinct.map((_, i) =>
          Math.max(
            ...distinct.slice(0, i + 1).map((low) => Math.min(...distinct.slice(i).map((high) => meanOf(low, high)))),
          ),
        );
        const fitted = isotonic.predict(distinct);
        for (const [i, value] of expected.entries()) expect(fitted[i]).toBeCloseTo(value, 12);
      }),
    );
  });

  it('is linear between thresholds, constant outside, and keeps both ends of a constant stretch', () => {
    const isotonic = fitIsotonic(clickRows({ logits: [0, 1, 2, 3, 5], labels: [0, 1, 0, 0, 1] }));
    expect(Array.from(isotonic.x)).toEqual([0, 1, 3, 5]);
    expect(Array.from(isotonic.y)).toEqual([0, 1 / 3, 1 / 3, 1]);
    for (const [z, p] of [
      [-9, 0],
      [0.5, 1 / 6],
      [2, 1 / 3],
      [4, 2 / 3],
      [9, 1],
    ]) {
      expect(isotonic.predict([z])[0]).toBeCloseTo(p, 14);
    }
    expect(() => isotonic.predict([Number.NaN])).toThrow('isotonic: expected a logit; got NaN');
  });

  it('takes weights as repeats', () => {
    fc.assert(
      fc.property(drawnRows, (drawn) => {
        const weighted = fitIsotonic(clickRows(weightedColumnsOf(drawn)));
        const often = fitIsotonic(clickRows(columnsOf(repeated(drawn))));
        const queries = [-3, -0.7, 0, 0.2, 1, 6];
        for (const [i, p] of often.predict(queries).entries()) expect(weighted.predict(queries)[i]).toBeCloseTo(p, 12);
      }),
    );
  });
});

describe('recalibrate', () => {
  it('puts the predictions of a calibrator in place of those of the rows', () => {
    const rows = clickRows({
      logits: [3, 1, 0, 2, -1],
      labels: [1, 0, 1, 0, 0],
      groups: [4, 4, 9, 9, 4],
      weights: [1, 2, 1, 1, 1],
    });
    const platt = fitPlatt(rows);
    const made = recalibrate(rows, platt);
    expect(made.logits).toEqual(rows.logits.map((z) => platt.slope * z + platt.intercept));
    expect(made.groups).toEqual(rows.groups);
    expect(made.weights).toEqual(rows.weights);
    expect(logLoss(made)).toBeLessThan(logLoss(rows));
    const isotonic = fitIsotonic(rows);
    expect(recalibrate(rows, isotonic).probabilities).toEqual(isotonic.predict(rows.logits));
  });
});
