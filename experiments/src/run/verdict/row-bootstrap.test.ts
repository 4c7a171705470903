import { normals, streamKey, uniform01 } from '@seqrec/core';
import {
  areaDifferenceInterval,
  areaInterval,
  type ClickRows,
  clickRows,
  rankingMetrics,
  selectRows,
  withGroups,
} from '@seqrec/models';
import { describe, expect, it } from 'vitest';
import { groupIntervalsOf, intervalsOf, judgeRows } from '../ranking/row-verdict.ts';
import {
  groupsOfSeveral,
  orderMetrics,
  pairedRowDifferences,
  resamplerOf,
  rowIntervals,
  rowMetrics,
} from './row-bootstrap.ts';
import { verdictText } from './verdict-text.ts';

/** Rows whose logits are right up to noise; `rowsOfUser` rows a user. */
function made(count: number, rowsOfUser: number, noise: number, seed = 1): ClickRows {
  const truth = normals(streamKey(5, 'truth'), 0, count);
  const error = normals(streamKey(seed, 'error'), 0, count);
  const draw = uniform01(streamKey(5, 'label'), 0, count);
  return clickRows({
    logits: truth.map((z, row) => 1.5 * z + noise * error[row]),
    labels: truth.map((z, row) => (draw[row] < 1 / (1 + Math.exp(-1.5 * z)) ? 1 : 0)),
    groups: truth.map((_, row) => Math.floor(row / rowsOfUser)),
  });
}

it('each resample is the metric of the rows of the drawn users', () => {
  const rows = made(60, 6, 0.5);
  const drawn = Float64Array.of(2, 0, 1, 3, 0, 1, 1, 0, 0, 2);
  const chosen = Array.from(drawn).flatMap((times, user) =>
    Array.from({ length: times }, () => Array.from({ length: 6 }, (_, i) => 6 * user + i)),
  );
  const copies = selectRows(rows, chosen.flat());
  // A user who is drawn twice is two users.
  const { logits, labels } = copies;
  const groups = chosen.flatMap((own, copy) => own.map(() => copy));
  const { metrics } = rankingMetrics({ logits, labels, groups }, { ks: [10] });
  for (const metric of [...rowMetrics, ...orderMetrics])
    expect(resamplerOf(metric, rows)(drawn), metric).toBeCloseTo(metrics[metric], 12);
  expect(resamplerOf('AUC', rows)(new Float64Array(10))).toBeUndefined();
  expect(resamplerOf('NDCG@10', rows)(new Float64Array(10))).toBeUndefined();
  expect(resamplerOf('NE', rows)(new Float64Array(10))).toBeUndefined();
});

describe('rowIntervals', () => {
  it('of a log loss is that of a mean of so many users', () => {
    const rows = made(2000, 1, 0);
    const [{ low, high, value }] = rowIntervals(rows, { metrics: ['logloss'], resamples: 3000 });
    const losses = rows.logits.map((z, row) => Math.log1p(Math.exp(rows.labels[row] === 1 ? -z : z)));
    const spread = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - value) ** 2, 0) / 2000);
    const expected = (1.96 * spread) / Math.sqrt(2000);
    expect((high - low) / 2 / expected).toBeGreaterThan(0.93);
    expect((high - low) / 2 / expected).toBeLessThan(1.07);
    expect((low + high) / 2).toBeCloseTo(value, 2);
  });

  it('of an area is that of DeLong where every user has one row, and wider where rows repeat', () => {
    const rows = made(1500, 1, 0.5);
    const width = (given: ClickRows): number => {
      const [{ low, high }] = rowIntervals(given, { metrics: ['AUC'], resamples: 2000 });
      return high - low;
    };
    const { low, high } = areaInterval(rows);
    expect(width(rows) / (high - low)).toBeGreaterThan(0.92);
    expect(width(rows) / (high - low)).toBeLessThan(1.08);
    const fourTimes = selectRows(
      rows,
      Array.from({ length: 6000 }, (_, i) => i >> 2),
    );
    expect(width(fourTimes) / width(rows)).toBeCloseTo(1, 1);
  });
});

it('users are drawn where groups are parts of them, and groups that hold several users are drawn themselves', () => {
  const rows = made(60, 6, 0.5);
  const of = (users?: number[]) =>
    rowIntervals(rows, { metrics: ['GAUC', 'NDCG@10'], resamples: 50, ...(users && { users }) });
  const places = Array.from({ length: 60 }, (_, row) => row);
  expect(of(places.map((row) => Math.floor(row / 6)))).toEqual(of());
  expect(of(places.map((row) => row % 2))).toEqual(of().map((own) => ({ ...own, overGroups: true })));
  for (const { low, high, value } of of(places.map(() => 3))) expect([low, high]).toEqual([value, value]);
  const [ofTwo] = of(places.map((row) => Math.floor(row / 30)));
  const areas = new Set([0, 30].map((first) => groupedAreaOf(rows, first)));
  expect(areas).toContain(ofTwo.low);
  expect(areas).toContain(ofTwo.high);
});

it('metrics of all rows are over users whatever groups the rows, and say how many were drawn', () => {
  const byThree = made(90, 3, 0.5);
  const users = Array.from({ length: 90 }, (_, row) => Math.floor(row / 6));
  const byUsers = withGroups(byThree, users);
  // Two groups, each of rows of all users.
  const stores = withGroups(
    byThree,
    users.map((_, row) => row % 2),
  );
  const metrics = ['AUC', 'logloss', 'NE', 'GAUC'] as const;
  const [plain, own] = [byUsers, stores].map((rows) => rowIntervals(rows, { metrics, resamples: 60, users }));
  expect(own.slice(0, 3)).toEqual(plain.slice(0, 3));
  expect(own.map(({ units, overGroups }) => [units, overGroups])).toEqual([
    ...Array.from({ length: 3 }, () => [15, undefined]),
    [2, true],
  ]);
  expect([groupsOfSeveral(byUsers, users), groupsOfSeveral(stores, users)]).toEqual([undefined, 2]);
  const judged = { rows: stores, metrics: { AUC: 0.5, GAUC: 0.5 }, users: Int32Array.from(users) };
  expect(Object.keys(intervalsOf(judged))).toEqual(['AUC']);
  expect(groupIntervalsOf(judged)[0]).toContain('none, 2 groups: too few for an interval');
  const [verdict] = judgeRows(
    judged,
    [
      {
        name: 'other',
        rows: withGroups(
          made(90, 3, 0.1),
          users.map((_, row) => row % 2),
        ),
        metrics: judged.metrics,
      } as never,
    ],
    { split: 'test', selectBy: 'GAUC' },
  );
  const { lines, note } = verdictText('model', [verdict]);
  expect(lines[0].text).toMatch(/GAUC .*2 groups: too few for an interval/);
  expect(lines[0].text).toMatch(/AUC .*\[.*\], (within|beyond) the interval/);
  expect(note).toContain('GAUC: over groups, which hold rows of several users.');
});

/** Of the 30 rows from a place on. */
function groupedAreaOf(rows: ClickRows, first: number): number {
  const own = selectRows(
    rows,
    Array.from({ length: 30 }, (_, i) => first + i),
  );
  return rankingMetrics(own).metrics.GAUC;
}

describe('pairedRowDifferences', () => {
  it('has the width of DeLong for the difference of two areas, far less than two intervals', () => {
    const [a, b] = [made(1500, 1, 0.6, 1), made(1500, 1, 0.5, 2)];
    const [found] = pairedRowDifferences(a, b, { metrics: ['AUC'], resamples: 2000 });
    const expected = areaDifferenceInterval(a, b);
    expect(found.difference).toBeCloseTo(expected.value, 12);
    expect((found.high - found.low) / (expected.high - expected.low)).toBeGreaterThan(0.92);
    expect((found.high - found.low) / (expected.high - expected.low)).toBeLessThan(1.08);
    const [alone] = rowIntervals(a, { metrics: ['AUC'] });
    expect(found.high - found.low).toBeLessThan(0.8 * (alone.high - alone.low));
  });

  it('is the same for a seed, another for another, and nothing against itself', () => {
    const [a, b] = [made(300, 5, 0.6, 1), made(300, 5, 0.2, 2)];
    const first = pairedRowDifferences(a, b, { resamples: 200, seed: 3 });
    expect(pairedRowDifferences(a, b, { resamples: 200, seed: 3 })).toEqual(first);
    expect(pairedRowDifferences(a, b, { resamples: 200, seed: 4 })).not.toEqual(first);
    expect(first.map(({ metric }) => metric)).toEqual(['AUC', 'GAUC', 'logloss', 'NE']);
    for (const { low, high, difference } of first) {
      expect(low).toBeLessThan(difference);
      expect(high).toBeGreaterThan(difference);
    }
    for (const each of pairedRowDifferences(a, a, { resamples: 50 })) {
      expect(each).toMatchObject({ difference: 0, low: 0, high: 0 });
    }
  });

  it('leaves out resamples without a value and counts the others', () => {
    // Of two users one alone has positives: a quarter of the resamples have none.
    const rows = clickRows({ logits: [1, 2, 0, 1], labels: [0, 1, 0, 0], groups: [1, 1, 2, 2] });
    const [found] = rowIntervals(rows, { metrics: ['NE'], resamples: 400 });
    expect(found.resamples).toBeGreaterThan(260);
    expect(found.resamples).toBeLessThan(340);
  });

  it('refuses other rows and rows without users', () => {
    const rows = { logits: [1, 2], labels: [0, 1], groups: [1, 2] };
    const other = clickRows({ ...rows, labels: [1, 0] });
    expect(() => pairedRowDifferences(clickRows(rows), other)).toThrow(
      'compare: expected two runs on the same rows; got 2 and 2 rows that differ in their labels',
    );
    expect(() => pairedRowDifferences(clickRows(rows), clickRows({ ...rows, groups: [1, 1] }))).toThrow('their groups');
    const alone = clickRows({ logits: [1, 2], labels: [0, 1] });
    expect(() => rowIntervals(alone)).toThrow('bootstrap: expected rows with groups');
  });
});
