import * as tf from '@tensorflow/tfjs-core';
import {
  SampledSoftmax,
  type SampledSoftmaxAttrs,
  SampledSoftmaxGrad,
  type SampledSoftmaxGradInputs,
  type SampledSoftmaxInputs,
} from '../kernel-names.ts';
import { composedKernel, type TensorsOf } from './kernel.ts';
import { rowBlocks } from './row-blocks.ts';

/** Logit of a negative that equals the positive, as in the public code. */
const ACCIDENTAL_HIT = -5e4;

interface Block {
  readonly q: tf.Tensor;
  readonly positives: tf.Tensor;
  /** Ids of the negatives of the block, flattened to `[tokens * R]`. */
  readonly negatives: tf.Tensor;
  readonly positiveItems: tf.Tensor;
  readonly negativeItems: tf.Tensor;
  readonly hits: tf.Tensor;
  readonly positiveLogits: tf.Tensor;
  readonly negativeLogits: tf.Tensor;
}

/** Gathers and scores tokens `start .. start + count - 1`. */
function scoreBlock(inputs: TensorsOf<SampledSoftmaxInputs>, temperature: number, start: number, count: number): Block {
  const { queries, items, logQ } = inputs;
  const width = queries.shape[1]!;
  const numNegatives = inputs.negatives.shape[1]!;
  const q = tf.slice(queries, [start, 0], [count, width]);
  const positives = tf.slice(inputs.positives, [start], [count]);
  const drawn = tf.slice(inputs.negatives, [start, 0], [count, numNegatives]);
  const negatives = tf.reshape(drawn, [count * numNegatives]);
  const positiveItems = tf.gather(items, positives);
  const negativeItems = tf.reshape(tf.gather(items, negatives), [count, numNegatives, width]);
  let positiveLogits = tf.div(tf.sum(tf.mul(q, positiveItems), -1), temperature);
  const products = tf.matMul(negativeItems, tf.reshape(q, [count, width, 1]));
  let negativeLogits = tf.div(tf.reshape(products, [count, numNegatives]), temperature);
  if (logQ.size > 0) {
    positiveLogits = tf.sub(positiveLogits, tf.gather(logQ, positives));
    negativeLogits = tf.sub(negativeLogits, tf.reshape(tf.gather(logQ, negatives), [count, numNegatives]));
  }
  const hits = tf.equal(drawn, tf.reshape(positives, [count, 1]));
  negativeLogits = tf.where(hits, tf.fill([count, numNegatives], ACCIDENTAL_HIT), negativeLogits);
  return { q, positives, negatives, positiveItems, negativeItems, hits, positiveLogits, negativeLogits };
}

function floatsPerToken(inputs: TensorsOf<SampledSoftmaxInputs>): number {
  return inputs.negatives.shape[1]! * inputs.queries.shape[1]!;
}

export const sampledSoftmax = composedKernel<SampledSoftmaxInputs, SampledSoftmaxAttrs>(
  SampledSoftmax,
  (inputs, { temperature }) => {
    const tokens = inputs.queries.shape[0];
    if (tokens === 0) return [tf.zeros([0]), tf.zeros([0])];
    const parts = rowBlocks(tokens, floatsPerToken(inputs)).map(({ start, count }) =>
      tf.tidy(() => {
        const { positiveLogits, negativeLogits } = scoreBlock(inputs, temperature, start, count);
        const all = tf.concat([tf.reshape(positiveLogits, [count, 1]), negativeLogits], 1);
        const logSumExp = tf.logSumExp(all, 1);
        return { loss: tf.sub(logSumExp, positiveLogits), logSumExp };
      }),
    );
    return [tf.concat(parts.map((part) => part.loss)), tf.concat(parts.map((part) => part.logSumExp))];
  },
);

/** `dz = softmax(z) - onehot(0)`, times `dLoss / temperature`; accidental hits get nothing. */
export const sampledSoftmaxGrad = composedKernel<SampledSoftmaxGradInputs, SampledSoftmaxAttrs>(
  SampledSoftmaxGrad,
  (inputs, { temperature }) => {
    const { queries, items, logSumExp, dLoss } = inputs;
    const [tokens, width] = queries.shape as [number, number];
    const numNegatives = inputs.negatives.shape[1]!;
    const dQueries: tf.Tensor[] = [];
    let dItems: tf.Tensor = tf.zeros(items.shape);
    for (const { start, count } of rowBlocks(tokens, floatsPerToken(inputs))) {
      const previous = dItems;
      const result = tf.tidy(() => {
        const block = scoreBlock(inputs, temperature, start, count);
        const upstream = tf.div(tf.reshape(tf.slice(dLoss, [start], [count]), [count, 1]), temperature);
        const lse = tf.reshape(tf.slice(logSumExp, [start], [count]), [count, 1]);
        const column = tf.reshape(block.positiveLogits, [count, 1]);
        const dPositive = tf.mul(tf.sub(tf.exp(tf.sub(column, lse)), 1), upstream);
        const probabilities = tf.exp(tf.sub(block.negativeLogits, lse));
        const dNegative = tf.where(block.hits, tf.zerosLike(probabilities), tf.mul(probabilities, upstream));
        const fromNegatives = tf.matMul(tf.reshape(dNegative, [count, 1, numNegatives]), block.negativeItems);
        const dQuery = tf.add(tf.mul(block.positiveItems, dPositive), tf.reshape(fromNegatives, [count, width]));
        const toPositives = tf.mul(block.q, dPositive);
        const toNegatives = tf.mul(
          tf.reshape(dNegative, [count, numNegatives, 1]),
          tf.reshape(block.q, [count, 1, width]),
        );
        const rows = tf.concat([toPositives, tf.reshape(toNegatives, [count * numNegatives, width])], 0);
        const ids = tf.concat([block.positives, block.negatives], 0) as tf.Tensor1D;
        return { dQuery, dItems: tf.add(previous, tf.unsortedSegmentSum(rows, ids, items.shape[0])) };
      });
      previous.dispose();
      dQueries.push(result.dQuery);
      dItems = result.dItems;
    }
    return [tokens === 0 ? tf.zeros([0, width]) : tf.concat(dQueries, 0), dItems];
  },
);
