import { type ExampleSet, interactionsFromArrays, makeBatch, type SequenceBatch, trainTest } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { askedAt, everyPosition } from './query-time.ts';

/** Two users: events 0..3 at 10, 20, 30, 40 and events 4..6 at 100, 200, 300. */
function twoUsers(): ExampleSet {
  return trainTest(
    interactionsFromArrays({
      name: 'two',
      users: [7, 7, 7, 7, 8, 8, 8],
      items: [1, 2, 3, 4, 2, 3, 1],
      timestamps: [10, 20, 30, 40, 100, 200, 300],
    }),
  ).test;
}

describe('askedAt', () => {
  it('gives the last event of each sequence its own time, and the others the time of the next', () => {
    const batch = makeBatch(twoUsers(), [0, 1]);
    expect([...batch.targetTimestamps]).toEqual([20, 30, 40, 200, 300]);
    expect([...askedAt(batch, 'last').targetTimestamps]).toEqual([20, 30, 30, 200, 200]);
    expect(askedAt(batch, 'target')).toBe(batch);
    // What was given is not changed, and nothing else is.
    expect([...batch.targetTimestamps]).toEqual([20, 30, 40, 200, 300]);
    const { targetTimestamps: _, ...rest } = askedAt(batch, 'last');
    expect(rest).toEqual(expect.objectContaining({ itemIds: batch.itemIds, timestamps: batch.timestamps }));
  });

  it('leaves a sequence without events, and those beside it, alone', () => {
    const batch = {
      offsets: Int32Array.of(0, 2, 2, 3),
      timestamps: Float64Array.of(1, 3, 10),
      targetTimestamps: Float64Array.of(3, 5, 12),
    } as SequenceBatch;
    expect([...askedAt(batch, 'last').targetTimestamps]).toEqual([3, 3, 10]);
    const first = { ...batch, offsets: Int32Array.of(0, 0, 2, 3) };
    expect([...askedAt(first, 'last').targetTimestamps]).toEqual([3, 3, 10]);
  });
});

describe('everyPosition', () => {
  it('has an example for each event that has one before it, with the number of its example', () => {
    const { set, examples } = everyPosition(twoUsers(), () => false);
    expect([...set.targets]).toEqual([1, 2, 3, 5, 6]);
    expect([...set.starts]).toEqual([0, 0, 0, 4, 4]);
    expect([...set.users]).toEqual([0, 0, 0, 1, 1]);
    expect([...examples]).toEqual([0, 0, 0, 1, 1]);
  });

  it('leaves used events out, but never the target of an example', () => {
    const asked: number[] = [];
    const { set } = everyPosition(twoUsers(), (event) => {
      asked.push(event);
      return event !== 2;
    });
    expect([...set.targets]).toEqual([2, 3, 6]);
    // Whoever counts what is left out is asked once an event, and never about a target.
    expect(asked).toEqual([1, 2, 5]);
  });

  it('keeps an example without history: its target is a query, of nothing', () => {
    const two = twoUsers();
    const { set, examples } = everyPosition({ ...two, starts: Int32Array.from([3, 4]) }, () => false);
    expect([...set.targets]).toEqual([3, 5, 6]);
    expect([...set.starts]).toEqual([3, 4, 4]);
    expect([...examples]).toEqual([0, 1, 1]);
  });
});
