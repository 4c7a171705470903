import { type ExampleSet, interactionsFromArrays } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import type { LabelsConfig } from './config.ts';
import { visitExpectedLabels } from './expected-labels.ts';
import { exactFrequencies, sketchFrequencies } from './frequencies.ts';

/** One user with items 1, 2, .. on the given days, as one example. */
function sequence(days: readonly number[], ratings?: readonly number[]): ExampleSet {
  const interactions = interactionsFromArrays({
    name: 'days',
    users: days.map(() => 1),
    items: days.map((_, e) => e + 1),
    timestamps: days.map((day) => day * 86_400),
    ...(ratings === undefined ? {} : { ratings }),
  });
  const [users, starts, targets] = [Int32Array.of(0), Int32Array.of(0), Int32Array.of(days.length - 1)];
  return { name: 'train', interactions, users, starts, targets };
}

/** Expected number of labels of items 1, 2, ..; an item that was not visited is absent. */
function expected(set: ExampleSet, labels: LabelsConfig): Record<number, number> {
  const counts: Record<number, number> = {};
  visitExpectedLabels(set, labels, (item, count) => {
    counts[item] = (counts[item] ?? 0) + count;
  });
  return counts;
}

const close = (counts: Record<number, number>) =>
  Object.fromEntries(Object.entries(counts).map(([item, count]) => [item, expect.closeTo(count, 12)]));

/** Positions 0 to 3 predict items 2 to 5; a window of two days holds two labels, that of the last position one. */
const five = sequence([0, 1, 2, 3, 4]);
const rated = sequence([0, 1, 2, 3, 4], [5, 5, 1, 5, 1]);

describe('expected labels by hand', () => {
  it('next-item: every positive event that has one before it', () => {
    expect(expected(five, { kind: 'next-item' })).toEqual({ 2: 1, 3: 1, 4: 1, 5: 1 });
    expect(expected(rated, { kind: 'next-item', minRating: 4 })).toEqual({ 2: 1, 4: 1 });
  });

  it('masked: every positive event but the first as often as it is hidden', () => {
    const labels = { kind: 'masked', probability: 0.4, lastOnly: 0.25 } as const;
    expect(expected(five, labels)).toEqual(close({ 2: 0.3, 3: 0.3, 4: 0.3, 5: 0.55 }));
    expect(expected(rated, { ...labels, minRating: 4 })).toEqual(close({ 2: 0.3, 4: 0.3 }));
  });

  it('sasrec: the next positive of every position; with a cut the first 1, 2, 3 or 4 of four', () => {
    expect(expected(five, { kind: 'sasrec', cut: 'last' })).toEqual({ 2: 1, 3: 1, 4: 1, 5: 1 });
    expect(expected(five, { kind: 'sasrec', cut: 'random' })).toEqual({ 2: 1, 3: 3 / 4, 4: 2 / 4, 5: 1 / 4 });
    // Positions 0, 1, 2 have items 2, 4, 4 ahead.
    expect(expected(rated, { kind: 'sasrec', cut: 'random', minRating: 4 })).toEqual(close({ 2: 1, 4: 2 / 3 + 1 / 3 }));
  });

  it('next-action: that of one position, the newest or any', () => {
    expect(expected(five, { kind: 'next-action', cut: 'last' })).toEqual({ 5: 1 });
    expect(expected(five, { kind: 'next-action', cut: 'random' })).toEqual({ 2: 1 / 4, 3: 1 / 4, 4: 1 / 4, 5: 1 / 4 });
    // The newest position has no positive after it.
    expect(expected(rated, { kind: 'next-action', cut: 'last', minRating: 4 })).toEqual({});
    expect(expected(rated, { kind: 'next-action', cut: 'random', minRating: 4 })).toEqual(
      close({ 2: 1 / 3, 4: 2 / 3 }),
    );
  });

  it('all-action: the window of one position, or as many of its labels as may be', () => {
    const labels = { kind: 'all-action', windowDays: 2 } as const;
    expect(expected(five, { ...labels, cut: 'last', maxLabels: 9 })).toEqual({ 5: 1 });
    expect(expected(five, { ...labels, cut: 'random', maxLabels: 9 })).toEqual(
      close({ 2: 1 / 4, 3: 2 / 4, 4: 2 / 4, 5: 2 / 4 }),
    );
    expect(expected(five, { ...labels, cut: 'random', maxLabels: 1 })).toEqual(
      close({ 2: 1 / 8, 3: 2 / 8, 4: 2 / 8, 5: 1 / 8 + 1 / 4 }),
    );
    // Behind the newest position nothing follows in time: an older one does not stand in for it.
    expect(expected(sequence([0, 1, 2, 9]), { ...labels, cut: 'last', maxLabels: 9 })).toEqual({});
    // Two labels of one moment for the newest position that has some; it is not the newest of all.
    expect(expected(sequence([0, 1, 1]), { ...labels, cut: 'last', maxLabels: 9 })).toEqual({});
    expect(expected(sequence([0, 1, 1]), { ...labels, cut: 'random', maxLabels: 9 })).toEqual({ 2: 1, 3: 1 });
  });

  it('dense-all-action: one label of each window chosen', () => {
    const labels = { kind: 'dense-all-action', windowDays: 2 } as const;
    expect(expected(five, { ...labels, cut: 'last', maxLabels: 9 })).toEqual(
      close({ 2: 1 / 2, 3: 1, 4: 1, 5: 1 / 2 + 1 }),
    );
    expect(expected(five, { ...labels, cut: 'last', maxLabels: 2 })).toEqual(
      close({ 2: 1 / 4, 3: 1 / 2, 4: 1 / 2, 5: 3 / 4 }),
    );
    // One of the first 1, 2, 3 or 4 positions: position i with the chance 1/4 sum over n > i of 1/n.
    const chance = [0, 1, 2, 3].map((i) => [1, 2, 3, 4].filter((n) => n > i).reduce((sum, n) => sum + 1 / n, 0) / 4);
    expect(expected(five, { ...labels, cut: 'random', maxLabels: 1 })).toEqual(
      close({
        2: chance[0] / 2,
        3: (chance[0] + chance[1]) / 2,
        4: (chance[1] + chance[2]) / 2,
        5: chance[2] / 2 + chance[3],
      }),
    );
  });

  it('an item between windows is no label, whatever the rounding of sums', () => {
    // Item 9 comes too late for those before it; windows of 1 to 7 labels leave sums like 0.1 + 0.2 - 0.3.
    const days = [0, 1, 2, 3, 4, 5, 6, 7, 50, 51];
    for (const maxLabels of [1, 2, 3, 5]) {
      for (const kind of ['all-action', 'dense-all-action'] as const) {
        const counts = expected(sequence(days), { kind, cut: 'random', windowDays: 7, maxLabels });
        expect(Object.keys(counts)).toEqual(['2', '3', '4', '5', '6', '7', '8', '10']);
      }
    }
  });

  it('sums over all examples, however many, and from where each begins', () => {
    const count = 600;
    const set = {
      ...five,
      users: new Int32Array(count),
      starts: new Int32Array(count),
      targets: new Int32Array(count),
    };
    set.targets.fill(4);
    set.starts.fill(2, 500);
    expect(expected(set, { kind: 'next-item' })).toEqual({ 2: 500, 3: 500, 4: 600, 5: 600 });
    expect(exactFrequencies(set, { kind: 'sasrec', cut: 'random' }).share(5)).toBeCloseTo(
      (500 / 4 + 100 / 2) / (500 * 2.5 + 100 * 1.5),
      12,
    );
  });

  it('an example without history has none, and shares of no labels are 0', () => {
    const none = { ...five, starts: Int32Array.of(4) };
    expect(expected(none, { kind: 'next-item' })).toEqual({});
    expect(exactFrequencies(none).share(5)).toBe(0);
    expect(sketchFrequencies(none).share(5)).toBe(0);
  });
});
