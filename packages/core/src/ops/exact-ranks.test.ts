import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { exactPlaces, exactRanks, NumericError, randomWords, streamKey, useBackend } from '../index.ts';

/** Rows of noise whose sums round. */
function noise(rows: number, width: number, stream: string): Float32Array {
  return Float32Array.from(randomWords(streamKey(3, stream), 0, rows * width), (word) => word / 2 ** 31 - 1);
}

describe.each(['simd', 'cpu'] as const)('exactPlaces on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('counts rows that are equal bit by bit as ties, by the side of their id', async () => {
    const [numQueries, numItems, width] = [13, 700, 37];
    const table = noise(numItems, width, 'items');
    // Every third row is that of item 7: 0, 3, ... 699 without 7 itself make 234 ties.
    for (let item = 0; item < numItems; item += 3) table.copyWithin(item * width, 7 * width, 8 * width);
    const items = tf.tensor2d(table, [numItems, width]);
    const queries = tf.tensor2d(noise(numQueries, width, 'queries'), [numQueries, width]);
    const targets = new Int32Array(numQueries).fill(7);
    const { equalBefore, equalAfter } = await exactPlaces({ queries, items, targets });
    expect([...equalBefore]).toEqual(Array(numQueries).fill(3));
    expect([...equalAfter]).toEqual(Array(numQueries).fill(231));
    // Excluded ids that tie are no candidates; a repeated one is left out once, the target never.
    const ids = Int32Array.from({ length: numQueries * 5 }, (_, i) => [3, 3, 9, 7, 8][i % 5]);
    const offsets = Int32Array.from({ length: numQueries + 1 }, (_, b) => 5 * b);
    const fewer = await exactPlaces({ queries, items, targets, excluded: { offsets, ids }, firstItem: 1 });
    expect([...fewer.equalBefore]).toEqual(Array(numQueries).fill(1));
    expect([...fewer.equalAfter]).toEqual(Array(numQueries).fill(230));
    tf.dispose([items, queries]);
  });

  it('takes scores as they are: the next float32 is no tie, -Infinity is below, 0 and -0 tie', async () => {
    const next = Math.fround(1 + 2 ** -23);
    const items = tf.tensor2d([1, next, Math.fround(1 - 2 ** -24), Number.NEGATIVE_INFINITY, 1, 0, -0], [7, 1]);
    const queries = tf.ones([2, 1]) as tf.Tensor2D;
    const places = await exactPlaces({ queries, items, targets: Int32Array.of(0, 6) });
    expect([...places.higher]).toEqual([1, 4]);
    expect([...places.equalBefore]).toEqual([0, 1]);
    expect([...places.equalAfter]).toEqual([1, 0]);
    tf.dispose([items, queries]);
  });

  it('ties all candidates of a table of equal rows; ranks follow from the counts', async () => {
    const items = tf.ones([130, 4]) as tf.Tensor2D;
    const queries = tf.ones([1, 4]) as tf.Tensor2D;
    const options = { queries, items, targets: Int32Array.of(100), firstItem: 1 };
    const { higher, equalBefore, equalAfter } = await exactPlaces(options);
    expect([higher[0], equalBefore[0], equalAfter[0]]).toEqual([0, 99, 29]);
    const rank = async (ties: 'optimistic' | 'pessimistic' | 'mean' | 'lower-id') =>
      (await exactRanks({ ...options, ties }))[0];
    expect([await rank('optimistic'), await rank('pessimistic')]).toEqual([1, 129]);
    expect([await rank('mean'), await rank('lower-id')]).toEqual([65, 100]);
    const infinite = tf.tensor2d([1, 1, Number.POSITIVE_INFINITY], [3, 1]);
    const bad = exactPlaces({ queries: tf.ones([2, 1]), items: infinite, targets: Int32Array.of(0, 2) });
    await expect(bad).rejects.toThrow(NumericError);
    await expect(bad).rejects.toMatchObject({ row: 1 });
    tf.dispose([items, queries, infinite]);
  });
});
