import * as tf from '@tensorflow/tfjs-core';
import {
  SampledScores,
  SampledScoresGrad,
  type SampledScoresGradInputs,
  type SampledScoresInputs,
} from '../kernel-names.ts';
import { composedKernel, type TensorsOf } from './kernel.ts';
import { type RowBlock, rowBlocks } from './row-blocks.ts';

type Inputs = TensorsOf<SampledScoresInputs>;

function sizesOf({ queries, ids }: Inputs) {
  return { rows: queries.shape[0], width: queries.shape[1]!, each: ids.shape[1]! };
}

/** The queries of a block `[count, D]`, its ids `[count R]` and the vectors of these `[count, R, D]`. */
function gather(inputs: Inputs, { start, count }: RowBlock) {
  const { width, each } = sizesOf(inputs);
  const q = tf.slice(inputs.queries, [start, 0], [count, width]);
  const ids = tf.reshape(tf.slice(inputs.ids, [start, 0], [count, each]), [count * each]) as tf.Tensor1D;
  return { q, ids, vectors: tf.reshape(tf.gather(inputs.items, ids), [count, each, width]) };
}

export const sampledScores = composedKernel<SampledScoresInputs, object>(SampledScores, (inputs) => {
  const { rows, width, each } = sizesOf(inputs);
  if (rows * each === 0) return tf.zeros([rows, each]);
  const parts = rowBlocks(rows, each * width).map((block) =>
    tf.tidy(() => {
      const { q, vectors } = gather(inputs, block);
      return tf.reshape(tf.matMul(vectors, tf.reshape(q, [block.count, width, 1])), [block.count, each]);
    }),
  );
  return tf.concat(parts, 0);
});

export const sampledScoresGrad = composedKernel<SampledScoresGradInputs, object>(SampledScoresGrad, (inputs) => {
  const { items, dScores } = inputs;
  const { rows, width, each } = sizesOf(inputs);
  let dItems: tf.Tensor = tf.zeros(items.shape);
  if (rows * each === 0) return [tf.zeros([rows, width]), dItems];
  const dQueries = rowBlocks(rows, each * width).map((block) => {
    const { start, count } = block;
    const before = dItems;
    const [dQuery, after] = tf.tidy(() => {
      const { q, ids, vectors } = gather(inputs, block);
      const slopes = tf.slice(dScores, [start, 0], [count, each]);
      const products = tf.mul(tf.reshape(slopes, [count, each, 1]), tf.reshape(q, [count, 1, width]));
      const sums = tf.unsortedSegmentSum(tf.reshape(products, [count * each, width]), ids, items.shape[0]);
      const sum = tf.matMul(tf.reshape(slopes, [count, 1, each]), vectors);
      return [tf.reshape(sum, [count, width]), tf.add(before, sums)];
    });
    before.dispose();
    dItems = after;
    return dQuery;
  });
  return [tf.concat(dQueries, 0), dItems];
});
