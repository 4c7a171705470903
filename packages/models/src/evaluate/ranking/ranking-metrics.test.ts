import { ShapeError } from '@seqrec/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvaluationError } from '../../errors.ts';
import { drawnRows, weightedColumnsOf } from '../../test-support/click-rows.ts';
import { areaUnderCurve } from './area.ts';
import { fitIsotonic } from './isotonic.ts';
import { fitPlatt } from './platt.ts';
import { rankingMetrics } from './ranking-metrics.ts';
import { clickRows, valueRows } from './rows.ts';
import { metricsBySegment, selectRows } from './segments.ts';

const columns = {
  logits: [2, -1, 0.5, 1, -2, 0],
  labels: [1, 0, 1, 0, 0, 1],
  groups: [10, 10, 10, 20, 20, 30],
};

describe('rankingMetrics', () => {
  it('names metrics of two classes in their order, with a sentence for each', () => {
    const found = rankingMetrics(columns, { ks: [1, 2] });
    const names = [
      'AUC',
      'GAUC',
      'logloss',
      'NE',
      'NE recalibrated',
      'calibration',
      'ECE',
      'accuracy',
      'NDCG@1',
      'NDCG@2',
    ];
    expect(Object.keys(found.metrics)).toEqual(names);
    expect(found.undefinedMetrics).toEqual({});
    expect(found.definition.map((line) => line.split(':')[0])).toEqual(['Rows', ...names]);
    expect(found.definition[0]).toBe('Rows: 6 of 3 groups; 50.00 % positive. Losses are not clipped.');
    expect(found.definition[2]).toBe(
      'GAUC: mean of the AUC of groups, each by its rows; 2 of 3 groups have labels of one class and are left out, 0 have one score and count as a half.',
    );
    expect(found.metrics.AUC).toBe(areaUnderCurve(clickRows(columns)));
    expect(found).toMatchObject({ rows: 6, groups: 3 });
  });

  it('says in words which options were given', () => {
    const { definition } = rankingMetrics(
      { ...columns, weights: [1, 1, 1, 1, 1, 3] },
      {
        clip: 0.01,
        groupWeight: 'clicks',
        oneClass: 'half',
        baseRate: 0.2,
        coefficient: 2,
        bins: 3,
        binning: 'equal-width',
        ks: [1],
        noneRelevant: 'zero',
        gain: 'linear',
      },
    );
    for (const part of [
      'weighted by 8 in all',
      'held 0.01 from 0 and 1',
      'each by its positives; 2 of 3 groups have labels of one class and count as a half',
      'always answering 0.2, the base rate given',
      'c given; c = 2.00000',
      'of 3 bins of equal width',
      'sum (y) / log2',
      '1 of 3 groups have no label above 0 and count as 0',
    ]) {
      expect(definition.join('\n')).toContain(part);
    }
  });

  it('gives a reason where a metric has no value', () => {
    const { metrics, undefinedMetrics, definition } = rankingMetrics({
      logits: [1, 2],
      labels: [0, 0],
      groups: [1, 2],
    });
    expect(Object.keys(metrics)).toEqual(['logloss', 'ECE', 'accuracy']);
    expect(Object.keys(undefinedMetrics)).toEqual(['AUC', 'GAUC', 'NE', 'NE recalibrated', 'calibration']);
    expect(undefinedMetrics.AUC).toBe(
      'expected positives and negatives; got a weight of 0 and 2; use more rows or another label',
    );
    expect(definition[1]).toContain(`No value: ${undefinedMetrics.AUC}.`);
  });

  it('measures rows of real labels', () => {
    const { metrics, definition } = rankingMetrics({ predictions: [3, 1, 4], labels: [5, 2, 3], weights: [1, 1, 2] });
    expect(metrics).toEqual({
      MSE: (4 + 1 + 2) / 4,
      RMSE: Math.sqrt(7 / 4),
      MAE: (2 + 1 + 2) / 4,
      RAUC: 3 / 5,
      XAUC: 3 / 5,
    });
    expect(definition[0]).toBe('Rows: 3, weighted by 4 in all; labels are numbers.');
  });

  it('repeats losses and calibration for every calibrator', () => {
    const validation = clickRows({ logits: [2, 0, 1, -1, 3], labels: [0, 1, 1, 0, 1] });
    const { metrics, definition } = rankingMetrics(columns, {
      calibrators: [fitPlatt(validation), fitIsotonic(validation)],
    });
    for (const kind of ['platt', 'isotonic']) {
      for (const name of ['logloss', 'NE', 'calibration', 'ECE']) expect(metrics).toHaveProperty([`${name}|${kind}`]);
    }
    expect(definition.join('\n')).toContain('Names with |platt: the same of sigmoid(');
  });

  it('is never NaN or infinite', () => {
    const huge = rankingMetrics({ predictions: [1e200, 1], labels: [0, 1] });
    expect(Object.keys(huge.metrics)).toEqual(['MAE', 'RAUC', 'XAUC']);
    expect(huge.undefinedMetrics.MSE).toBe('expected a finite value; got Infinity: the numbers are too large');
    fc.assert(
      fc.property(drawnRows, fc.boolean(), (drawn, isOneClass) => {
        const given = weightedColumnsOf(drawn);
        const labels = isOneClass ? given.labels.map(() => 1) : given.labels;
        const { metrics } = rankingMetrics({ ...given, labels }, { ks: [2] });
        for (const [name, value] of Object.entries(metrics)) expect(Number.isFinite(value), name).toBe(true);
      }),
    );
  });

  it.each([
    ['no rows', { logits: [], labels: [] }, 'metrics of rows: expected at least one row; got none'],
    ['soft labels', { logits: [1], labels: [0.5] }, 'metrics of rows: labels: expected 0 or 1; got 0.5 in row 0'],
    ['a NaN', { logits: [1, Number.NaN], labels: [0, 1] }, 'predictions: expected finite numbers; got NaN in row 1'],
    [
      'a probability of 2',
      { probabilities: [2], labels: [0] },
      'probabilities: expected numbers from 0 to 1; got 2 in row 0',
    ],
    [
      'a negative weight',
      { logits: [1], labels: [0], weights: [-1] },
      'weights: expected numbers that are not negative; got -1',
    ],
    ['no weight', { logits: [1], labels: [0], weights: [0] }, 'weights: expected one above 0; got none'],
  ])('refuses %s', (_, input, message) => {
    expect(() => rankingMetrics(input)).toThrow(EvaluationError);
    expect(() => rankingMetrics(input)).toThrow(message);
  });

  it('refuses columns of another length, and a clip of a half', () => {
    expect(() => rankingMetrics({ ...columns, groups: [1] })).toThrow(ShapeError);
    expect(() => rankingMetrics({ ...columns, groups: [1] })).toThrow(
      'metrics of rows: groups: expected 6 numbers, one a prediction; got 1',
    );
    expect(() => rankingMetrics(columns, { clip: 0.5 })).toThrow(
      'clip: expected a number from 0 and below 0.5; got 0.5',
    );
  });
});

describe('metricsBySegment', () => {
  const rows = clickRows({ ...columns, weights: [1, 2, 3, 4, 5, 6] }, { clip: 0.01 });

  it('leave out a part that weighs nothing', () => {
    const some = clickRows({ ...columns, weights: [1, 2, 3, 0, 0, 0] });
    expect(metricsBySegment(some, (row) => (row < 3 ? 'first' : 'nothing')).map(({ segment }) => segment)).toEqual([
      'first',
    ]);
  });

  it('are those of the rows of each part', () => {
    const found = metricsBySegment(rows, (row) => (row === 5 ? undefined : row < 3 ? 'first' : 7));
    expect(found.map(({ segment, rows }) => [segment, rows])).toEqual([
      ['first', 3],
      ['7', 2],
    ]);
    const { segment, ...first } = found[0];
    const expected = { logits: [2, -1, 0.5], labels: [1, 0, 1], groups: [10, 10, 10], weights: [1, 2, 3] };
    expect(first).toEqual(rankingMetrics(expected, { clip: 0.01 }));
    expect(found[1].undefinedMetrics.AUC).toContain('got a weight of 0 and 9');
  });

  it('selects rows of every form', () => {
    const probabilities = clickRows({ probabilities: [0.2, 0, 0.9], labels: [0, 1, 1] });
    expect(selectRows(probabilities, [2, 1]).logits).toEqual(
      Float64Array.of(probabilities.logits[2], probabilities.logits[1]),
    );
    const values = selectRows(valueRows({ predictions: [1, 2, 3], labels: [4, 5, 6], groups: [7, 8, 8] }), [2, 0]);
    expect(Array.from(values.scores)).toEqual([3, 1]);
    expect(Array.from(values.groups!.ids)).toEqual([8, 7]);
  });
});
