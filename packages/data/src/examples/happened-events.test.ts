import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  byUser,
  datasetStats,
  globalTime,
  type Interactions,
  interactionsFromArrays,
  lastRows,
  leakageReport,
  leaveLastOut,
  lengthHistogram,
  rowsByTime,
  type Split,
  tieOrder,
  trainTest,
  withSampledNegatives,
} from '../index.ts';

interface Click {
  readonly user: number;
  readonly item: number;
  readonly time: number;
}

/** The clicks, and two users who have seen every item between them. */
function clicks(given: readonly Click[]): Interactions {
  const others = Array.from({ length: 12 }, (_, item) => ({ user: 90 + (item % 2), item, time: 20 + item }));
  const rows = [...given, ...others];
  return interactionsFromArrays({
    name: 'clicks',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map(({ time }) => time),
    ratings: rows.map(({ item }) => 1 + (item % 5)),
  });
}

const row = fc.record({ user: fc.nat(4), item: fc.nat(5), time: fc.nat(20) });

it('rows that were drawn count as events nowhere: statistics, lengths, ties and duplicates are those without them', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (rows, perPositive) => {
      const before = clicks(rows);
      const after = withSampledNegatives(before, { perPositive });
      expect({ ...datasetStats(after), digest: before.digest }).toEqual(datasetStats(before));
      expect(lengthHistogram(after)).toEqual(lengthHistogram(before));
      expect(tieOrder(after)).toEqual(tieOrder(before));
      const duplicates = (i: Interactions) =>
        leakageReport(rowsByTime(i, { testShare: 0.3, validationShare: 0 })).checks.find(
          ({ name }) => name === 'duplicate-rows',
        );
      expect(duplicates(after)).toEqual(duplicates(before));
    }),
    { numRuns: 50 },
  );
});

it.each<[string, (i: Interactions) => Split]>([
  ['leave-last-out', leaveLastOut],
  ['train-test', trainTest],
  ['globalTime', (i) => globalTime(i, { testFraction: 0.3 })],
  ['byUser', (i) => byUser(i, { testShare: 0.5 })],
  ['lastRows', (i) => lastRows(i, { rows: 1 })],
])('%s refuses rows that were drawn, which are no history', (operation, split) => {
  expect(() => split(withSampledNegatives(clicks([]), { perPositive: 1 }))).toThrow(
    `${operation}: expected rows that are all events; got clicks with drawn ones; take another split (--data.split rows-by-time), or leave --data.sampledNegatives out`,
  );
});
