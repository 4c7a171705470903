import { interactionsFromArrays, pointExamples, takeExamples } from '@seqrec/data';
import { clickRows, logLoss } from '@seqrec/models';
import { describe, expect, test } from 'vitest';
import { rowBaselineNames } from '../../config/row-baseline-names.ts';
import { scattered } from '../../testing/ranking-world.ts';
import { evaluateRowBaselines } from './evaluate-baselines.ts';
import { labelsOf, rowBaselines, SMOOTHING } from './row-baselines.ts';

const ROWS = 200;
const rows = Array.from({ length: ROWS }, (_, k) => ({
  user: scattered(k, 9),
  item: 1 + scattered(k + 1000, 7),
  // A row in eleven has no label.
  label: k % 11 === 0 ? Number.NaN : scattered(k + 2000, 3) > 0 ? 1 : 0,
}));
const interactions = interactionsFromArrays({
  name: 'rows',
  users: rows.map(({ user }) => user),
  items: rows.map(({ item }) => item),
  timestamps: rows.map((_, k) => k),
  columns: {
    liked: { kind: 'number', values: rows.map(({ label }) => (Number.isNaN(label) ? null : label)) },
    row: { kind: 'number', values: rows.map((_, k) => k) },
  },
  labels: ['liked', 'row'],
});
// Events are in the order of users: which row an event is, its own column says.
const place = interactions.events.columns.get('row');
const rowOf = (event: number): number => (place?.kind === 'number' ? place.values[event] : Number.NaN);
const all = pointExamples(interactions);
const part = (name: 'train' | 'test', tested: boolean) =>
  takeExamples(
    all,
    Int32Array.from(all.targets.keys()).filter((e) => rowOf(all.targets[e]) >= 150 === tested),
    name,
  );
const [train, test_] = [part('train', false), part('test', true)];

/** The same in plain loops over the rows of training. */
function expected(of: (row: (typeof rows)[number]) => boolean, m: number | undefined): number {
  const known = rows.slice(0, 150).filter((row) => of(row) && !Number.isNaN(row.label));
  const sum = known.reduce((total, { label }) => total + label, 0);
  return m === undefined ? sum / known.length : (sum + SMOOTHING * m) / (known.length + SMOOTHING);
}

describe.each(['binary', 'squared'] as const)('of the loss %s', (loss) => {
  const g = (x: number): number => (loss === 'binary' ? Math.log(x / (1 - x)) : x);
  const [base, item, both] = rowBaselines(rowBaselineNames, { column: 'liked' }, train, loss).map(({ scores }) =>
    scores(test_),
  );

  test('scores are means of the training rows, smoothed', () => {
    const m = expected(() => true, undefined);
    for (const [e, target] of test_.targets.entries()) {
      const { user: u, item: i } = rows[rowOf(target)];
      const [ofItem, ofUser] = [expected((row) => row.item === i, m), expected((row) => row.user === u, m)];
      expect(base[e]).toBeCloseTo(g(m), 12);
      expect(item[e]).toBeCloseTo(g(ofItem), 12);
      expect(both[e]).toBeCloseTo(g(ofItem) + g(ofUser) - g(m), 12);
    }
  });
});

test('a label that is missing where that of a parent is 0 is 0', () => {
  const [known, implied] = [undefined, ['row']].map((parents) =>
    labelsOf(interactions, { column: 'liked', ...(parents && { parents }) }),
  );
  for (const [event, value] of known.entries())
    expect(implied[event]).toBe(Number.isNaN(value) && rowOf(event) === 0 ? 0 : value);
  expect(known).not.toEqual(implied);
});

test('metrics are those of the rows that have the label', () => {
  const kept = Int32Array.from(test_.targets.keys()).filter((e) => !Number.isNaN(rows[rowOf(test_.targets[e])].label));
  const labels = Float64Array.from(kept, (e) => rows[rowOf(test_.targets[e])].label);
  const groups = Int32Array.from(kept, (e) => test_.users[e]);
  const ranked = {
    label: 'liked',
    column: 'liked',
    as: 'binary' as const,
    rows: clickRows({ logits: new Float64Array(kept.length), labels, groups }),
    scores: new Float64Array(kept.length),
    examples: kept,
  };
  const figures = { metrics: {}, definition: [], warnings: [], labels: [ranked] };
  const found = evaluateRowBaselines(['base-rate'], train, test_, figures);
  const m = expected(() => true, undefined);
  const loss = labels.reduce((sum, y) => sum - (y === 1 ? Math.log(m) : Math.log(1 - m)), 0) / labels.length;
  expect(found[0].metrics.logloss).toBeCloseTo(loss, 12);
  expect(found[0].metrics.AUC).toBe(0.5);
  expect(found[0].rows.size).toBe(kept.length);
  expect(kept.length).toBeLessThan(test_.targets.length);
  expect(logLoss(found[0].rows as never)).toBeCloseTo(loss, 12);
});
