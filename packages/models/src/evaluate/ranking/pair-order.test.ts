import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawnRows, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { areaUnderCurve } from './area.ts';
import { pairAgreement, pairSums, regressionArea } from './pair-order.ts';
import { clickRows, valueRows } from './rows.ts';

const rated = fc.array(
  fc.record({
    s: fc.constantFrom(-1, 0, 0.5, 2),
    y: fc.integer({ min: 1, max: 5 }),
    w: fc.double({ min: 0.1, max: 3, noNaN: true }),
  }),
  { minLength: 2, maxLength: 30 },
);

describe('pairSums', () => {
  it('counts every pair', () => {
    fc.assert(
      fc.property(rated, (rows) => {
        const expected = { all: 0, concordant: 0, discordant: 0, equalLabels: 0, equalScores: 0, equalBoth: 0 };
        for (const [i, a] of rows.entries()) {
          for (const b of rows.slice(i + 1)) {
            const weight = a.w * b.w;
            const product = Math.sign(a.s - b.s) * Math.sign(a.y - b.y);
            expected.all += weight;
            if (product > 0) expected.concordant += weight;
            if (product < 0) expected.discordant += weight;
            if (a.y === b.y) expected.equalLabels += weight;
            if (a.s === b.s) expected.equalScores += weight;
            if (a.y === b.y && a.s === b.s) expected.equalBoth += weight;
          }
        }
        const found = pairSums(
          valueRows({
            predictions: rows.map(({ s }) => s),
            labels: rows.map(({ y }) => y),
            weights: rows.map(({ w }) => w),
          }),
        );
        for (const [name, value] of Object.entries(expected))
          expect(found[name as keyof typeof found]).toBeCloseTo(value, 9);
      }),
    );
  });
});

describe('regressionArea and pairAgreement', () => {
  // Pairs: (1, 2) right, (1, 2') tied, (2, 2') of one label, by score 1, 3, 1.
  const rows = valueRows({ predictions: [1, 3, 1], labels: [1, 2, 2] });

  it('are by hand', () => {
    expect(regressionArea(rows)).toBe(0.75);
    expect(regressionArea(rows, { pairs: 'all' })).toBe(1);
    expect(pairAgreement(rows)).toBeCloseTo(1 / 3, 14);
    expect(pairAgreement(valueRows({ predictions: [1, 1], labels: [2, 2] }))).toBe(1);
  });

  it('the first is the area under the curve for labels of two classes', () => {
    fc.assert(
      fc.property(drawnRows, (drawn) => {
        const rows = clickRows(weightedColumnsOf(drawn));
        expect(regressionArea(rows)).toBeCloseTo(areaUnderCurve(rows), 12);
      }),
    );
  });

  it('have no value without such a pair', () => {
    expect(() => regressionArea(valueRows({ predictions: [1, 2], labels: [3, 3] }))).toThrow(
      'RAUC: expected rows of different labels; got no such pair with weight',
    );
    expect(() => pairAgreement(valueRows({ predictions: [1], labels: [3] }))).toThrow(
      'XAUC: expected at least two rows',
    );
  });
});
