import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UndefinedMetricError } from '../../errors.ts';
import { groupedGain, groupedReciprocal } from './group-order.ts';
import { valueRows } from './rows.ts';

const rows = valueRows({
  predictions: [3, 2, 1, /**/ 1, 2, /**/ 5],
  labels: [0, 2, 1, /**/ 1, 0, /**/ 0],
  groups: [1, 1, 1, 8, 8, 2],
});
const place = (r: number): number => 1 / Math.log2(r + 1);

describe('groupedGain', () => {
  it('is by hand; groups without a relevant row are left out, or count 0', () => {
    const first = (3 * place(2)) / (3 + place(2));
    const second = place(2);
    expect(groupedGain(rows, 2)).toEqual({
      value: expect.closeTo((first + second) / 2, 14),
      groups: 3,
      noneRelevant: 1,
    });
    expect(groupedGain(rows, 2, { noneRelevant: 'zero' }).value).toBeCloseTo((first + second) / 3, 14);
    const linear = (2 * place(2) + place(3)) / (2 + place(2));
    expect(groupedGain(rows, 3, { gain: 'linear' }).value).toBeCloseTo((linear + second) / 2, 14);
    expect(groupedGain(rows, 1).value).toBe(0);
  });

  it('is finite for labels whose gains are not, in each group', () => {
    const predictions = [2, 1, 2, 1];
    const of = (labels: number[]) => groupedGain(valueRows({ predictions, labels, groups: [1, 1, 2, 2] }), 2).value;
    expect(of([4998, 5000, 1, 2])).toBeCloseTo(
      ((1 / 4 + place(2)) / (1 + place(2) / 4) + (1 + 3 * place(2)) / (3 + place(2))) / 2,
      12,
    );
  });

  it('refuses a cut-off of 0 and rows without groups, and has no value for negative labels and without a relevant row', () => {
    const one = { predictions: [1], labels: [0], groups: [1] };
    const negative = valueRows({ ...one, labels: [-1] });
    expect(() => groupedGain(negative, 1)).toThrow(UndefinedMetricError);
    expect(() => groupedGain(negative, 1)).toThrow('NDCG@1: expected labels that are not negative; got -1 in row 0');
    expect(() => groupedGain(rows, 0)).toThrow('NDCG@0: expected a cut-off that is a whole number from 1; got 0');
    expect(() => groupedGain(valueRows({ ...one, groups: undefined }), 1)).toThrow('NDCG@1: expected rows with groups');
    expect(() => groupedGain(valueRows(one), 1)).toThrow('NDCG@1: expected a group with a label above 0; got 1 groups');
  });
});

describe('groupedReciprocal', () => {
  it('is by hand', () => {
    expect(groupedReciprocal(rows).value).toBeCloseTo((1 / 2 + 1 / 2) / 2, 14);
    expect(groupedReciprocal(rows, { of: 'mean', noneRelevant: 'zero' }).value).toBeCloseTo(
      ((1 / 2 + 1 / 3) / 2 + 1 / 2) / 3,
      14,
    );
  });
});

describe('ties', () => {
  /** All orders of the rows that their scores allow. */
  function ordersOf(given: readonly { s: number; y: number }[]): number[][] {
    if (given.length === 0) return [[]];
    const most = Math.max(...given.map(({ s }) => s));
    return given.flatMap(({ s, y }, i) =>
      s === most ? ordersOf(given.filter((_, j) => j !== i)).map((rest) => [y, ...rest]) : [],
    );
  }
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('take the mean over all orders', () => {
    const list = fc.array(fc.record({ s: fc.constantFrom(0, 1), y: fc.constantFrom(0, 1, 2) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        list.filter((given) => given.some(({ y }) => y > 0)),
        fc.integer({ min: 1, max: 6 }),
        (given, k) => {
          const orders = ordersOf(given);
          const tied = valueRows({
            predictions: given.map(({ s }) => s),
            labels: given.map(({ y }) => y),
            groups: given.map(() => 0),
          });
          const gain = (order: number[]): number =>
            order.slice(0, k).reduce((sum, y, i) => sum + (2 ** y - 1) * place(i + 1), 0);
          const best = gain(given.map(({ y }) => y).sort((a, b) => b - a));
          expect(groupedGain(tied, k).value).toBeCloseTo(mean(orders.map(gain)) / best, 10);
          const first = mean(orders.map((order) => 1 / (1 + order.findIndex((y) => y > 0))));
          expect(groupedReciprocal(tied).value).toBeCloseTo(first, 10);
          const all = mean(orders.map((order) => mean(order.flatMap((y, i) => (y > 0 ? [1 / (i + 1)] : [])))));
          expect(groupedReciprocal(tied, { of: 'mean' }).value).toBeCloseTo(all, 10);
        },
      ),
      { numRuns: 60 },
    );
  });
});
