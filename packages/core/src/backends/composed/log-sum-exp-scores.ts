import * as tf from '@tensorflow/tfjs-core';
import {
  LogSumExpScores,
  LogSumExpScoresGrad,
  type LogSumExpScoresGradInputs,
  type LogSumExpScoresInputs,
} from '../kernel-names.ts';
import { composedKernel, type TensorsOf } from './kernel.ts';

/** Scores held at a time: 16 MiB. */
const BLOCK_SCORES = 2 ** 22;

interface Block {
  readonly start: number;
  readonly count: number;
}

function blocksOf(queries: number, items: number): Block[] {
  const size = Math.max(1, Math.floor(BLOCK_SCORES / Math.max(1, items)));
  const blocks: Block[] = [];
  for (let start = 0; start < queries; start += size) blocks.push({ start, count: Math.min(size, queries - start) });
  return blocks;
}

function rowsOf(x: tf.Tensor, { start, count }: Block): tf.Tensor {
  return tf.slice(x, [start, 0], [count, -1]);
}

function column(x: tf.Tensor, { start, count }: Block): tf.Tensor {
  return tf.reshape(tf.slice(x as tf.Tensor1D, [start], [count]), [count, 1]);
}

/** Scores `[count, N]` of a block of queries. */
function blockScores(
  { queries, items, bias, mask, groups }: TensorsOf<LogSumExpScoresInputs>,
  block: Block,
): tf.Tensor {
  let scores: tf.Tensor = tf.matMul(rowsOf(queries, block), items, false, true);
  if (bias.size > 0) scores = tf.add(scores, bias);
  if (mask.size === 0) return scores;
  return tf.add(scores, tf.gather(mask, tf.slice(groups as tf.Tensor1D, [block.start], [block.count])));
}

export const logSumExpScores = composedKernel<LogSumExpScoresInputs, object>(LogSumExpScores, (inputs) => {
  const { queries, items } = inputs;
  const parts = blocksOf(queries.shape[0], items.shape[0]).map((block) =>
    tf.tidy(() => tf.logSumExp(blockScores(inputs, block), 1)),
  );
  return [parts.length === 0 ? tf.zeros([0]) : tf.concat(parts as tf.Tensor1D[])];
});

/** `dq = dy sum_n p_n c_n`, `dc_n = sum_p dy_p p_pn q_p`, with the softmax `p` made again of the scores. */
export const logSumExpScoresGrad = composedKernel<LogSumExpScoresGradInputs, object>(LogSumExpScoresGrad, (inputs) => {
  const { queries, items, logSumExp, dSums } = inputs;
  const dQueries: tf.Tensor[] = [];
  let dItems: tf.Tensor = tf.zeros(items.shape);
  for (const block of blocksOf(queries.shape[0], items.shape[0])) {
    const before = dItems;
    const [dQuery, after] = tf.tidy(() => {
      const shifted = tf.sub(blockScores(inputs, block), column(logSumExp, block));
      const weights = tf.mul(tf.exp(shifted), column(dSums, block));
      return [tf.matMul(weights, items), tf.add(before, tf.matMul(weights, rowsOf(queries, block), true, false))];
    });
    before.dispose();
    dQueries.push(dQuery);
    dItems = after;
  }
  return [dQueries.length === 0 ? tf.zeros(queries.shape) : tf.concat(dQueries, 0), dItems];
});
