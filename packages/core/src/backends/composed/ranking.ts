import * as tf from '@tensorflow/tfjs-core';
import {
  type CandidateAttrs,
  RankCounts,
  type RankCountsInputs,
  TopItems,
  type TopItemsAttrs,
  type TopItemsInputs,
} from '../kernel-names.ts';
import { composedKernel, readIntegers, type TensorsOf } from './kernel.ts';

/** Scores held at a time: 32 MiB. */
const BLOCK_SCORES = 1 << 23;

interface Block {
  readonly first: number;
  readonly count: number;
  /** `[count, I]`. */
  readonly scores: tf.Tensor2D;
  /** bool `[count, I]`: who is a candidate. */
  readonly candidate: tf.Tensor2D;
}

/** Scores the queries a block at a time and collects what `use` makes of each block. */
function forBlocks(
  inputs: TensorsOf<TopItemsInputs>,
  firstItem: number,
  use: (block: Block) => tf.Tensor[],
): tf.Tensor[][] {
  const [numQueries, width] = inputs.queries.shape as [number, number];
  const numItems = inputs.items.shape[0];
  const offsets = readIntegers(inputs.excludedOffsets);
  const excluded = inputs.excludedIds.size > 0 ? readIntegers(inputs.excludedIds) : new Int32Array(0);
  const last = inputs.last.size > 0 ? readIntegers(inputs.last) : undefined;
  const size = Math.max(1, Math.floor(BLOCK_SCORES / numItems));
  const results: tf.Tensor[][] = [];
  for (let first = 0; first < numQueries; first += size) {
    const count = Math.min(size, numQueries - first);
    const mask = new Uint8Array(count * numItems);
    for (let b = 0; b < count; b++) {
      const row = b * numItems;
      mask.fill(1, row + firstItem, row + (last?.[first + b] ?? numItems - 1) + 1);
      for (let s = offsets[first + b]; s < offsets[first + b + 1]; s++) mask[row + excluded[s]] = 0;
    }
    results.push(
      tf.tidy(() => {
        const queries = tf.slice(inputs.queries, [first, 0], [count, width]);
        const scores = tf.matMul(queries, inputs.items, false, true) as tf.Tensor2D;
        return use({ first, count, scores, candidate: tf.tensor2d(mask, [count, numItems], 'bool') });
      }),
    );
  }
  return results;
}

/** Number of true values in each row. */
function countRows(condition: tf.Tensor): tf.Tensor {
  return tf.sum(tf.cast(condition, 'int32'), 1);
}

export const rankCounts = composedKernel<RankCountsInputs, CandidateAttrs>(RankCounts, (inputs, { firstItem }) => {
  const numItems = inputs.items.shape[0];
  const parts = forBlocks(inputs, firstItem, ({ first, count, scores, candidate }) => {
    const targets = tf.slice(inputs.targets, [first], [count]);
    const rows = tf.mul(tf.range(0, count, 1, 'int32'), tf.scalar(numItems, 'int32'));
    const goals = tf.gather(tf.reshape(scores, [-1]), tf.cast(tf.add(rows, targets), 'int32'));
    const column = tf.reshape(goals, [count, 1]);
    const ids = tf.reshape(tf.range(0, numItems, 1, 'int32'), [1, numItems]);
    const own = tf.reshape(targets, [count, 1]);
    const others = tf.logicalAnd(candidate, tf.notEqual(ids, own));
    const equal = tf.logicalAnd(others, tf.equal(scores, column));
    // A difference of finite numbers is 0 with itself; that of an infinity or a NaN is not.
    const undefinedGoal = tf.cast(tf.notEqual(tf.sub(goals, goals), 0), 'int32');
    const columns = [
      countRows(tf.logicalAnd(others, tf.greater(scores, column))),
      countRows(tf.logicalAnd(equal, tf.less(ids, own))),
      countRows(tf.logicalAnd(equal, tf.greater(ids, own))),
      tf.add(countRows(tf.logicalAnd(others, tf.notEqual(scores, scores))), undefinedGoal),
    ];
    return [tf.cast(tf.stack(columns, 1), 'int32')];
  });
  return parts.length === 0 ? tf.zeros([0, 4], 'int32') : tf.concat(parts.map(([counts]) => counts));
});

export const topItems = composedKernel<TopItemsInputs, TopItemsAttrs>(TopItems, (inputs, { firstItem, k }) => {
  const places = Math.min(k, inputs.items.shape[0]);
  const parts = forBlocks(inputs, firstItem, ({ count, scores, candidate }) => {
    const nothing = tf.fill([count, scores.shape[1]], Number.NEGATIVE_INFINITY);
    const best = tf.topk(tf.where(candidate, scores, nothing), places);
    const free = tf.equal(best.values, Number.NEGATIVE_INFINITY);
    const ids = tf.where(free, tf.fill([count, places], -1, 'int32'), best.indices);
    return [
      tf.pad(
        best.values,
        [
          [0, 0],
          [0, k - places],
        ],
        Number.NEGATIVE_INFINITY,
      ),
      tf.pad(
        tf.cast(ids, 'int32'),
        [
          [0, 0],
          [0, k - places],
        ],
        -1,
      ),
      countRows(tf.logicalAnd(candidate, tf.notEqual(scores, scores))),
    ];
  });
  if (parts.length === 0) return [tf.zeros([0, k]), tf.zeros([0, k], 'int32'), tf.zeros([0], 'int32')];
  return [0, 1, 2].map((output) => tf.concat(parts.map((part) => part[output])));
});
