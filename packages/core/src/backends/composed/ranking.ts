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
  /** `[count, I]`, 1 for a candidate. */
  readonly mask: Uint8Array;
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
        return use({ first, count, scores, mask });
      }),
    );
  }
  return results;
}

/** Number of true values in each row. */
function countRows(condition: tf.Tensor): tf.Tensor {
  return tf.sum(tf.cast(condition, 'int32'), 1);
}

/** The candidates with a lower, and those with a higher id than the target. */
function sides(mask: Uint8Array, targets: Int32Array, numItems: number): [Uint8Array, Uint8Array] {
  const [lower, higher] = [mask, mask.slice()];
  targets.forEach((target, b) => {
    lower.fill(0, b * numItems + target, (b + 1) * numItems);
    higher.fill(0, b * numItems, b * numItems + target + 1);
  });
  return [lower, higher];
}

export const rankCounts = composedKernel<RankCountsInputs, CandidateAttrs>(RankCounts, (inputs, { firstItem }) => {
  const numItems = inputs.items.shape[0];
  const parts = forBlocks(inputs, firstItem, ({ first, count, scores, mask }) => {
    const targets = readIntegers(inputs.targets).subarray(first, first + count);
    const at = targets.map((target, b) => b * numItems + target);
    const goals = tf.gather(tf.reshape(scores, [-1]), tf.tensor1d(at, 'int32'));
    // A product with ones repeats the column exactly; comparisons of equal shapes are much faster than broadcast ones.
    const repeated = tf.matMul(tf.reshape(goals, [count, 1]), tf.ones([1, numItems]));
    const [lower, higher] = sides(mask, targets, numItems).map((side) => tf.tensor2d(side, [count, numItems], 'bool'));
    const others = tf.logicalOr(lower, higher);
    const equal = tf.equal(scores, repeated);
    // A difference of finite numbers is 0 with itself; that of an infinity or a NaN is not.
    const undefinedGoal = tf.cast(tf.notEqual(tf.sub(goals, goals), 0), 'int32');
    const columns = [
      countRows(tf.logicalAnd(others, tf.greater(scores, repeated))),
      countRows(tf.logicalAnd(equal, lower)),
      countRows(tf.logicalAnd(equal, higher)),
      tf.add(countRows(tf.logicalAnd(others, tf.notEqual(scores, scores))), undefinedGoal),
    ];
    return [tf.cast(tf.stack(columns, 1), 'int32')];
  });
  return parts.length === 0 ? tf.zeros([0, 4], 'int32') : tf.concat(parts.map(([counts]) => counts));
});

export const topItems = composedKernel<TopItemsInputs, TopItemsAttrs>(TopItems, (inputs, { firstItem, k }) => {
  const places = Math.min(k, inputs.items.shape[0]);
  const parts = forBlocks(inputs, firstItem, ({ count, scores, mask }) => {
    const candidate = tf.tensor2d(mask, [count, scores.shape[1]], 'bool');
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
