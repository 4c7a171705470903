import { describe, expect, it } from 'vitest';
import { datasetStats, interactionsFromArrays, lengthHistogram } from './index.ts';

describe('datasetStats', () => {
  const i = interactionsFromArrays({
    name: 'x',
    users: [0, 0, 0, 0, 1, 1, 2],
    items: ['a', 'a', 'b', 'b', 'a', 'c', 'c'],
    timestamps: [5, 5, 5, 9, 1, 2, 30],
    ratings: [5, 5, 1, 3.5, 5, 1, 1],
    catalogue: ['a', 'b', 'c', 'd'].map((item) => ({ item })),
  });

  it('counts users, items, events, lengths, times, ratings, ties and repetitions', () => {
    expect(datasetStats(i)).toEqual({
      name: 'x',
      digest: i.digest,
      users: 3,
      items: 4,
      itemsWithEvents: 3,
      events: 7,
      density: 7 / 12,
      lengths: {
        mean: 7 / 3,
        median: 2,
        min: 1,
        max: 4,
        percentiles: { p10: 1, p25: 1, p75: 4, p90: 4, p95: 4, p99: 4 },
      },
      time: { first: 1, last: 30 },
      sameTimeShare: 2 / 7,
      followedWithin: [1, 7, 14, 28, 112, 365].map((days) => ({ days, share: 4 / 7 })),
      duplicates: 1,
      repeatShare: 2 / 7,
      ratings: [
        { rating: 1, count: 3 },
        { rating: 3.5, count: 1 },
        { rating: 5, count: 3 },
      ],
    });
  });

  it('counts events that another time follows within so many days, each of those that share a time', () => {
    const day = 86_400;
    const { followedWithin } = datasetStats(
      interactionsFromArrays({
        name: 'x',
        users: [0, 0, 0, 0, 1],
        items: ['a', 'b', 'a', 'b', 'a'],
        timestamps: [0, 0, 7 * day, 7 * day + 1 + 28 * day, 3],
      }),
    );
    expect(followedWithin).toEqual([
      { days: 1, share: 0 },
      { days: 7, share: 2 / 5 },
      { days: 14, share: 2 / 5 },
      { days: 28, share: 2 / 5 },
      { days: 112, share: 3 / 5 },
      { days: 365, share: 3 / 5 },
    ]);
  });

  it('has no times and no ratings where the data has none', () => {
    const bare = datasetStats(interactionsFromArrays({ name: 'bare', users: [1, 1], items: [1, 1] }));
    expect(bare).not.toHaveProperty('time');
    expect(bare).not.toHaveProperty('followedWithin');
    expect(bare).not.toHaveProperty('ratings');
    expect([bare.sameTimeShare, bare.duplicates, bare.repeatShare]).toEqual([0, 0, 0.5]);
  });
});

describe('lengthHistogram', () => {
  it('doubles its bins and loses nobody', () => {
    const lengths = [1, 2, 3, 9, 9];
    const i = interactionsFromArrays({
      name: 'x',
      users: lengths.flatMap((n, u) => Array(n).fill(u)),
      items: lengths.flatMap((n) => Array.from({ length: n }, (_, k) => k)),
    });
    expect(datasetStats(i).lengths.median).toBe(3);
    const even = interactionsFromArrays({ name: 'x', users: [0, 1, 1, 1, 1], items: [1, 1, 2, 3, 4] });
    expect(datasetStats(even).lengths.median).toBe(2.5);
    expect(lengthHistogram(i)).toEqual([
      { from: 1, to: 2, users: 1 },
      { from: 2, to: 4, users: 2 },
      { from: 4, to: 8, users: 0 },
      { from: 8, to: 16, users: 2 },
    ]);
  });
});
