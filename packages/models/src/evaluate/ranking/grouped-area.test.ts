import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DrawnRow, drawnRows, repeated, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { areaUnderCurve } from './area.ts';
import { groupedArea } from './grouped-area.ts';
import { clickRows } from './rows.ts';

// User 7: areas 1 of 2 rows; user 3: (1 + 0.5) / 2 of 3 rows, one positive; user 9: one class; user 4: one score.
const rows = clickRows({
  logits: [2, 1, /**/ 3, 0, 3, /**/ 5, 6, /**/ 1, 1],
  labels: [1, 0, /**/ 1, 0, 0, /**/ 1, 1, /**/ 0, 1],
  groups: [7, 7, 3, 3, 3, 9, 9, 4, 4],
});

describe('groupedArea', () => {
  it('is the mean over groups of both classes, by rows', () => {
    expect(groupedArea(rows)).toEqual({
      value: (2 * 1 + 3 * 0.75 + 2 * 0.5) / 7,
      groups: 4,
      counted: 3,
      oneClass: 1,
      oneScore: 1,
    });
  });

  it('weights groups by clicks or equally, and counts groups of one class or one score on request', () => {
    expect(groupedArea(rows, { groupWeight: 'one' }).value).toBeCloseTo((1 + 0.75 + 0.5) / 3, 14);
    expect(groupedArea(rows, { groupWeight: 'clicks', oneClass: 'half' }).value).toBeCloseTo(
      (1 + 0.75 + 2 * 0.5 + 0.5) / 5,
      14,
    );
    expect(groupedArea(rows, { groupWeight: 'one', oneScore: 'left-out' })).toMatchObject({
      value: 0.875,
      counted: 2,
    });
    expect(groupedArea(rows, { oneClass: 'half' }).value).toBeCloseTo((2 + 2.25 + 1 + 1) / 9, 14);
  });

  it('takes weights of rows as repeats, and one group as all rows', () => {
    fc.assert(
      fc.property(drawnRows, (drawn) => {
        const columns = weightedColumnsOf(drawn);
        const together = clickRows({ ...columns, groups: columns.labels.map(() => 5) });
        expect(groupedArea(together).value).toBeCloseTo(areaUnderCurve(together), 12);
        const value = (given: readonly DrawnRow[]): number | undefined => {
          try {
            return groupedArea(clickRows(weightedColumnsOf(given))).value;
          } catch {
            return undefined;
          }
        };
        const [weighted, often] = [value(drawn), value(repeated(drawn))];
        if (weighted === undefined) expect(often).toBeUndefined();
        else expect(often).toBeCloseTo(weighted, 12);
      }),
    );
  });

  it('is that of the rows that weigh something, whatever groups of one class or one score count', () => {
    const columns = {
      // User 1: two of one score, and one of another that weighs nothing. User 3: nothing alone.
      logits: [1, 1, 2, /**/ 0, 1, /**/ 3, /**/ 2],
      labels: [1, 0, 0, /**/ 1, 0, /**/ 1, /**/ 1],
      groups: [1, 1, 1, /**/ 2, 2, /**/ 3, /**/ 4],
      weights: [1, 1, 0, /**/ 1, 1, /**/ 0, /**/ 1],
    };
    const without = (column: readonly number[]) => column.filter((_, row) => columns.weights[row] > 0);
    const own = {
      logits: without(columns.logits),
      labels: without(columns.labels),
      groups: without(columns.groups),
    };
    for (const groupWeight of ['rows', 'clicks', 'one'] as const)
      for (const oneClass of ['left-out', 'half'] as const)
        for (const oneScore of ['left-out', 'half'] as const) {
          const options = { groupWeight, oneClass, oneScore };
          expect(groupedArea(clickRows(columns), options)).toEqual(groupedArea(clickRows(own), options));
        }
  });

  it('has no value without a group of both classes, and needs groups', () => {
    const apart = { logits: [1, 2], labels: [1, 0] };
    expect(() => groupedArea(clickRows({ ...apart, groups: [1, 2] }))).toThrow(
      'GAUC: expected a group with positives and negatives; got 2 groups, 2 of one class',
    );
    expect(() => groupedArea(clickRows(apart))).toThrow('GAUC: expected rows with groups; got none');
  });
});
