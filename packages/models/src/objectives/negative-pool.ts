import { shuffle, streamKey } from '@seqrec/core';
import type { Run } from '../layers/layer.ts';
import type { PoolSoftmaxConfig } from './config.ts';

/** The negatives that a batch shares. */
export interface NegativePool {
  /** Labels of the batch first, then uniform draws. */
  readonly items: Int32Array;
  readonly inBatch: number;
  readonly random: number;
}

/** The pool of a step from the labels of its pairs and the uniform draws. */
export function negativePool(
  labels: Int32Array,
  drawn: Int32Array,
  negatives: PoolSoftmaxConfig['negatives'],
  run: Run,
): NegativePool {
  const own = subset(labels, negatives.kind === 'random' ? 0 : negatives.inBatch, run);
  const items = new Int32Array(own.length + drawn.length);
  items.set(own);
  items.set(drawn, own.length);
  return { items, inBatch: own.length, random: drawn.length };
}

/** All values, or a random subset of `count`: the first places of a shuffle. */
function subset(values: Int32Array, count: number, run: Run): Int32Array {
  if (values.length <= count) return values;
  const order = shuffle(streamKey(run.seed, 'pool'), run.step, values.length);
  return Int32Array.from(order.subarray(0, count), (place) => values[place]);
}

/**
 * Log of the number of times that an item is expected in a pool of these sizes: `log(N_inBatch share + N_random / I)`.
 */
export function logExpected(
  { inBatch, random }: Pick<NegativePool, 'inBatch' | 'random'>,
  share: (item: number) => number,
  numItems: number,
): (item: number) => number {
  return (item) => Math.log(inBatch * share(item) + random / numItems);
}
