import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RankCollector } from './protocol.ts';
import { RankQueue } from './rank-queue.ts';
import type { Place } from './ties.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const NUM_ITEMS = 5;
/** Items score 5, 4, 4, 2, 1 for the query [1]. */
const scores = [0, 5, 4, 4, 2, 1];
/** Item of every event. */
const itemIds = Int32Array.of(1, 2, 3, 4, 5, 3, 1, 2);

/** A collector that remembers what it is told. Example `e` excludes events `[starts[e], target)`. */
function recorder(starts: readonly number[], lastItem = NUM_ITEMS) {
  const places = new Map<number, Place>();
  const opened: [number, number][] = [];
  const collector = {
    itemIds,
    excluded: (example: number, target: number) => [starts[example], target] as const,
    lastItem: () => lastItem,
    // Slots that are no positions in the queue.
    open: (example: number, target: number) => 100 + opened.push([example, target]),
    close: (slot: number, place: Place) => places.set(slot, place),
  };
  return { collector: collector as unknown as RankCollector, places, opened };
}

const table = () => tf.tensor2d(scores.map((score) => [score]));

describe('RankQueue', () => {
  it('ranks what waits when it is flushed, each to its own slot, and frees it', async () => {
    const before = tf.memory().numTensors;
    const items = table();
    // Event 3 (item 4) after items 1, 2, 3; event 5 (item 3) after item 5; event 7 (item 2) after nothing.
    const { collector, places, opened } = recorder([0, 4, 7]);
    const queue = new RankQueue(items, collector);
    await queue.add(tf.tensor2d([[1], [-1]]), [0, 1], [3, 5]);
    await queue.add(tf.tensor2d([[1]]), [2], [7]);
    expect(places.size).toBe(0);
    expect(opened).toEqual([
      [0, 3],
      [1, 5],
      [2, 7],
    ]);
    await queue.flush();
    expect([...places]).toEqual([
      [101, { higher: 0, equalBefore: 0, equalAfter: 0 }],
      // Scores times -1: item 4 is above item 3, item 2 beside it, item 5 seen.
      [102, { higher: 1, equalBefore: 1, equalAfter: 0 }],
      [103, { higher: 1, equalBefore: 0, equalAfter: 1 }],
    ]);
    await queue.flush();
    expect(places.size).toBe(3);
    items.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('candidates end at the last item of the example', async () => {
    const items = table();
    const { collector, places } = recorder([7], 2);
    const queue = new RankQueue(items, collector);
    await queue.add(tf.tensor2d([[1]]), [0], [7]);
    await queue.flush();
    expect(places.get(101)).toEqual({ higher: 1, equalBefore: 0, equalAfter: 0 });
    items.dispose();
  });

  it('ranks as soon as 4096 queries wait, and one more than that', async () => {
    for (const [count, done] of [
      [4095, 0],
      [4096, 4096],
      [4097, 4097],
    ]) {
      const items = table();
      const { collector, places } = recorder([4]);
      const queue = new RankQueue(items, collector);
      await queue.add(tf.ones([count, 1]), Array<number>(count).fill(0), Array<number>(count).fill(4));
      expect(places.size).toBe(done);
      queue.dispose();
      items.dispose();
    }
  });

  it('ranks long histories a few at a time, and one that is longer than a call may be on its own', async () => {
    const items = table();
    const long = 2 ** 22;
    // Every event is item 1 but the last, item 3: item 1 is seen, item 2 is beside the target.
    const events = new Int32Array(long + 3).fill(1).with(long + 2, 3);
    const { collector, places } = recorder([0, long / 4, long / 2, 1, long]);
    const queue = new RankQueue(items, { ...collector, itemIds: events } as RankCollector);
    await queue.add(tf.ones([5, 1]), [0, 1, 2, 3, 4], Array<number>(5).fill(long + 2));
    await queue.flush();
    expect([...places]).toEqual(
      [101, 102, 103, 104, 105].map((slot) => [slot, { higher: 0, equalBefore: 1, equalAfter: 0 }]),
    );
    items.dispose();
  });

  it('names the example and the target of a score that is no number, and frees what waits', async () => {
    const before = tf.memory().numTensors;
    const items = table();
    const { collector } = recorder([0, 4, 7]);
    const queue = new RankQueue(items, collector);
    await queue.add(tf.tensor2d([[1], [Number.NaN], [1]]), [0, 1, 2], [3, 5, 7]);
    await expect(queue.flush()).rejects.toThrow(
      "evaluate: expected a finite score for every candidate; got NaN in example 1, whose target is item 3; the model's weights are probably not finite",
    );
    items.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('other errors pass as they are', async () => {
    const items = table();
    const { collector } = recorder([0]);
    const broken = { ...collector, itemIds, close: () => expect.fail('no room') } as unknown as RankCollector;
    const queue = new RankQueue(items, broken);
    await queue.add(tf.tensor2d([[1]]), [0], [3]);
    await expect(queue.flush()).rejects.toThrow(/^no room$/);
    items.dispose();
  });
});
