import { eventsOfItems, globalTime, interactionsFromArrays } from '@seqrec/data';
import { expect, it } from 'vitest';
import { metricBySegment, segmentCounts, segmentsOf } from './segments.ts';

// Item 1 is in every history, item 2 in none before the cut at 100.
const histories = [
  [1, 3, 1],
  [3, 1, 2],
  [1, 3, 1, 3, 1, 3, 2],
];
const interactions = interactionsFromArrays({
  name: 'world',
  users: histories.flatMap((items, user) => items.map(() => user)),
  items: histories.flat(),
  timestamps: histories.flatMap((items) => items.map((_, e) => (e === items.length - 1 ? 100 + e : e))),
});
const { train, test } = globalTime(interactions, { testTime: 100 });

it('queries fall into parts by their history, and by how often training has their target', () => {
  const counts = eventsOfItems({ train });
  const dense = (item: number) => interactions.items.dense(String(item))!;
  expect([1, 2, 3].map((item) => counts[dense(item) - 1])).toEqual([5, 0, 5]);
  const segments = segmentsOf(test, counts);
  expect(segmentCounts(segments)).toEqual({ 'history 1-4': 2, 'history 5-9': 1, 'cold target': 2, 'target 5-19': 1 });
  const ranks = {
    ranks: Float32Array.of(1, 50, 10),
    tied: Int32Array.of(0, 0, 1),
    ties: 'expected' as const,
    users: Int32Array.of(0, 1, 2),
    checkpoint: 'best',
    definition: [],
  };
  // The last one shares places 10 and 11: half a hit.
  expect(metricBySegment(ranks, segments, 'HR@10')).toEqual({
    'history 1-4': 0.5,
    'history 5-9': 0.5,
    'cold target': 0.25,
    'target 5-19': 1,
  });
  expect(() => metricBySegment(ranks, segments.slice(1), 'HR@10')).toThrow(
    'benchmark: expected ranks of 2 queries; got 3',
  );
});

it('queries without a history stand in a part of their own, where there are any', () => {
  const starts = test.starts.map((start, e) => (e === 0 ? test.targets[e] : start));
  const counted = segmentCounts(segmentsOf({ ...test, starts }, eventsOfItems({ train })));
  expect(counted).toEqual({ 'history 0': 1, 'history 1-4': 1, 'history 5-9': 1, 'cold target': 2, 'target 5-19': 1 });
});
