import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UndefinedMetricError } from '../../errors.ts';
import { columnsOf, type DrawnRow, drawnRows, repeated, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { areaUnderCurve, areaUnderGroupWeights } from './area.ts';
import { clickRows } from './rows.ts';

/** Every pair of a positive and a negative. */
function byPairs(rows: readonly DrawnRow[]): number {
  let [won, all] = [0, 0];
  for (const p of rows) {
    for (const n of rows) {
      if (p.y !== 1 || n.y !== 0) continue;
      all += p.w * n.w;
      won += p.w * n.w * (p.z > n.z ? 1 : p.z === n.z ? 0.5 : 0);
    }
  }
  return won / all;
}

describe('areaUnderCurve', () => {
  it('is the share of pairs in the right order, ties half, weights multiplied', () => {
    fc.assert(
      fc.property(drawnRows, (rows) => {
        expect(areaUnderCurve(clickRows(weightedColumnsOf(rows)))).toBeCloseTo(byPairs(rows), 12);
      }),
    );
  });

  it('is that of 500 rows with ties', () => {
    const rows = Array.from({ length: 500 }, (_, i) => ({
      z: ((i * 7919) % 37) / 10,
      y: (i * i + 3 * i) % 5 < 2 ? 1 : 0,
      w: 1,
      user: 0,
    }));
    expect(areaUnderCurve(clickRows(columnsOf(rows)))).toBeCloseTo(byPairs(rows), 13);
  });

  it('does not change under a map that keeps the order, turns round with the scores, and takes weights as repeats', () => {
    fc.assert(
      fc.property(drawnRows, (rows) => {
        const columns = weightedColumnsOf(rows);
        const area = areaUnderCurve(clickRows(columns));
        expect(areaUnderCurve(clickRows({ ...columns, logits: columns.logits.map((z) => (z < 0 ? 2 : 8) * z) }))).toBe(
          area,
        );
        expect(areaUnderCurve(clickRows({ ...columns, logits: columns.logits.map((z) => -z) }))).toBeCloseTo(
          1 - area,
          12,
        );
        expect(areaUnderCurve(clickRows(columnsOf(repeated(rows))))).toBeCloseTo(area, 12);
      }),
    );
  });

  it('orders by logits, which do not tie where their probabilities do', () => {
    expect(areaUnderCurve(clickRows({ logits: [50, 60], labels: [0, 1] }))).toBe(1);
    expect(areaUnderCurve(clickRows({ probabilities: [1, 1], labels: [0, 1] }))).toBe(0.5);
  });

  it('gives what code without a rule for ties gives, on request', () => {
    const rows = clickRows({ logits: [1, 1, 1, 0], labels: [1, 0, 1, 0] });
    expect(areaUnderCurve(rows)).toBe(0.75);
    expect(areaUnderCurve(rows, { ties: 'earlier-higher' })).toBe(0.75);
    const first = clickRows({ logits: [1, 1, 0], labels: [1, 0, 0] });
    expect(areaUnderCurve(first, { ties: 'earlier-higher' })).toBe(1);
    expect(areaUnderCurve(first, { ties: 'earlier-lower' })).toBe(0.5);
  });

  it('has no value for one class', () => {
    const area = (labels: number[], weights?: number[]) => () =>
      areaUnderCurve(clickRows({ logits: [1, 2], labels, weights }));
    expect(area([1, 1])).toThrow(UndefinedMetricError);
    expect(area([1, 1])).toThrow(
      'AUC: expected positives and negatives; got a weight of 2 and 0; use more rows or another label',
    );
    expect(area([1, 0], [1, 0])).toThrow('got a weight of 1 and 0');
  });
});

describe('areaUnderGroupWeights', () => {
  it('is the area of rows whose weights are multiplied by those of their groups', () => {
    fc.assert(
      fc.property(drawnRows, fc.array(fc.nat({ max: 3 }), { minLength: 4, maxLength: 4 }), (rows, multipliers) => {
        const given = clickRows(weightedColumnsOf(rows));
        const found = areaUnderGroupWeights(given)(Array.from(given.groups!.ids, (user) => multipliers[user]));
        const drawn = rows.map((row) => ({ ...row, w: row.w * multipliers[row.user] }));
        const isDefined = [0, 1].every((label) => drawn.some(({ y, w }) => y === label && w > 0));
        if (isDefined) expect(found).toBeCloseTo(byPairs(drawn), 12);
        else expect(found).toBeUndefined();
      }),
    );
  });
});
