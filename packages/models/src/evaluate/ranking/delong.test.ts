import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, drawnRows } from '../../test-support/click-rows.ts';
import { areaUnderCurve } from './area.ts';
import { areaDifferenceInterval, areaInterval } from './delong.ts';
import { clickRows } from './rows.ts';

const variance = (values: number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
};

/** From all pairs, as in the paper. */
function components(scores: readonly number[], labels: readonly number[]): [number[], number[]] {
  const [ones, zeros] = [1, 0].map((label) => scores.filter((_, i) => labels[i] === label));
  const won = (p: number, n: number): number => (p > n ? 1 : p === n ? 0.5 : 0);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [ones.map((p) => mean(zeros.map((n) => won(p, n)))), zeros.map((n) => mean(ones.map((p) => won(p, n))))];
}

const twoEach = drawnRows.filter((rows) => [0, 1].every((label) => rows.filter(({ y }) => y === label).length >= 2));

describe('DeLong', () => {
  it('is the variance of the paper, of one area and of a difference', () => {
    fc.assert(
      fc.property(twoEach, (drawn) => {
        const { logits, labels } = columnsOf(drawn);
        const other = logits.map((z, i) => z + ((i * 37) % 5) - 2);
        const a = clickRows({ logits, labels });
        const b = clickRows({ logits: other, labels });
        const found = areaInterval(a);
        const [positives, negatives] = components(logits, labels);
        const expected = variance(positives) / positives.length + variance(negatives) / negatives.length;
        expect(found.value).toBeCloseTo(areaUnderCurve(a), 12);
        expect(found.standardError ** 2).toBeCloseTo(expected, 12);
        expect(found.high - found.value).toBeCloseTo(1.959964 * Math.sqrt(expected), 6);
        const difference = areaDifferenceInterval(a, b);
        const [otherPositives, otherNegatives] = components(other, labels);
        const apart = [
          positives.map((v, i) => otherPositives[i] - v),
          negatives.map((v, i) => otherNegatives[i] - v),
        ].reduce((sum, values) => sum + variance(values) / values.length, 0);
        expect(difference.value).toBeCloseTo(areaUnderCurve(b) - areaUnderCurve(a), 12);
        expect(difference.standardError ** 2).toBeCloseTo(apart, 12);
      }),
    );
  });

  it('refuses weights, a single positive and other rows', () => {
    const rows = clickRows({ logits: [1, 2, 3, 4], labels: [0, 1, 0, 1] });
    expect(() => areaInterval(clickRows({ logits: [1, 2], labels: [0, 1], weights: [1, 2] }))).toThrow(
      'DeLong: expected rows without weights; got weights; use the bootstrap over users',
    );
    expect(() => areaInterval(clickRows({ logits: [1, 2, 3], labels: [0, 1, 0] }))).toThrow(
      'interval of AUC: expected two positives and two negatives at least; got 1 and 2',
    );
    expect(() => areaDifferenceInterval(rows, clickRows({ logits: [1, 2, 3, 4], labels: [1, 1, 0, 0] }))).toThrow(
      'difference of AUC: expected the same rows twice; got other labels',
    );
  });
});
