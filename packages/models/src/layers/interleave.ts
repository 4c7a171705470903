import * as tf from '@tensorflow/tfjs-core';
import { hostIntegers } from '../host-integers.ts';
import type { EncoderBatch, TokenBatch } from '../inputs.ts';

/**
 * The events of a batch as two tokens each, content then action: `Phi_0, a_0, Phi_1, a_1, ...`. What comes after a
 * content is its own action, so its query time is its event's own time; what comes after an action is the next event.
 *
 * Source: Zhai et al. 2024, table 1 (arXiv:2402.17152).
 */
export function interleaved(batch: EncoderBatch): TokenBatch {
  const hostOffsets = batch.hostOffsets.map((offset) => 2 * offset);
  const numTokens = 2 * batch.numTokens;
  const positions = Int32Array.from({ length: numTokens }, (_, t) => 2 * batch.hostPositions[t >>> 1] + (t & 1));
  const pairs = (content: tf.Tensor1D, action: tf.Tensor1D): tf.Tensor1D =>
    tf.reshape(tf.stack([content, action], 1), [-1]);
  return {
    numTokens,
    longest: 2 * batch.longest,
    hostOffsets,
    offsets: hostIntegers(hostOffsets),
    hostPositions: positions,
    positions: tf.tensor1d(positions, 'int32'),
    keyTimes: pairs(batch.keyTimes, batch.keyTimes),
    queryTimes: pairs(batch.eventTimes, batch.queryTimes),
  };
}

/** Contents and actions, each `[T, D]`, as tokens `[2 T, D]` in turn. */
export function interleave(contents: tf.Tensor2D, actions: tf.Tensor2D): tf.Tensor2D {
  const [events, width] = contents.shape;
  return tf.reshape(tf.concat([contents, actions], 1), [2 * events, width]);
}

/** Inverse of {@link interleave}. */
export function uninterleave(tokens: tf.Tensor2D): { readonly contents: tf.Tensor2D; readonly actions: tf.Tensor2D } {
  const [count, width] = tokens.shape;
  const [contents, actions] = tf.split(
    tf.reshape(tokens, [count / 2, 2 * width]) as tf.Tensor2D,
    2,
    1,
  ) as tf.Tensor2D[];
  return { contents, actions };
}
