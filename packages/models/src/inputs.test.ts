import '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { uploadBatch } from './inputs.ts';

/** Two sequences of two events each. */
function batchOf(timestamps: number[], targetTimestamps: number[]): SequenceBatch {
  return {
    users: Int32Array.of(0, 1),
    offsets: Int32Array.of(0, 2, 4),
    itemIds: Int32Array.of(1, 2, 3, 4),
    targets: Int32Array.of(2, 5, 4, 6),
    timestamps: Float64Array.from(timestamps),
    targetTimestamps: Float64Array.from(targetTimestamps),
  };
}

it('counts the seconds of each sequence from its first event', async () => {
  await tf.setBackend('cpu');
  const batch = uploadBatch(batchOf([1e9, 1e9 + 7.5, 50, 60], [1e9 + 7.5, 1e9 + 9, 60, 40]));
  expect([...batch.positions.dataSync()]).toEqual([0, 1, 0, 1]);
  expect([...batch.keyTimes.dataSync()]).toEqual([0, 7, 0, 10]);
  expect([...batch.queryTimes.dataSync()]).toEqual([7, 9, 10, -10]);
  expect(batch.longest).toBe(2);
  batch.dispose();
});

it.each([
  ['milliseconds', 1e12, 1e12 + 2 ** 31],
  ['times before the first', 2 ** 32, 0],
  ['no number', 0, Number.NaN],
])('refuses %s, names the sequence', (_, first, last) => {
  expect(() => uploadBatch(batchOf([0, 1, first, first], [1, 2, first, last]))).toThrow(
    /at most 2\^31 apart.*in sequence 1 of the batch/,
  );
});

it('refuses columns that disagree', () => {
  const batch = { ...batchOf([0, 1, 2, 3], [1, 2, 3, 4]), targets: Int32Array.of(1) };
  expect(() => uploadBatch(batch)).toThrow(/expected columns of 4 tokens.*targets\[1\]/);
});
