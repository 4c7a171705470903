import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { untaped } from '../../layers/untaped.ts';

/** How histories that are shorter than what is taken of them count: see the READMEs of `sim` and `eta`. */
export const retrievalMasks = ['events', 'fuxictr'] as const;
export type RetrievalMask = (typeof retrievalMasks)[number];

/** `M` events of each example. */
export interface Taken {
  /** int32 `[B M]`: rows of the events, `T` where there is none. */
  readonly rows: tf.Tensor1D;
  /** `[B, M]`: 1 for what is seen. */
  readonly seen: tf.Tensor2D;
}

/** The newest events, oldest of them first. Of `fuxictr` one fewer, and the oldest event of a history is not seen. */
export function newestEvents(offsets: Int32Array, newest: number, mask: RetrievalMask): Taken {
  const [count, events] = [offsets.length - 1, offsets[offsets.length - 1]];
  const places = mask === 'fuxictr' ? newest - 1 : newest;
  const rows = new Int32Array(count * places).fill(events);
  const seen = new Float32Array(count * places);
  for (let b = 0; b < count; b++) {
    const from = Math.max(offsets[b], offsets[b + 1] - places);
    for (let t = from; t < offsets[b + 1]; t++) {
      const at = (b + 1) * places - (offsets[b + 1] - t);
      rows[at] = t;
      seen[at] = mask === 'fuxictr' && t === offsets[b] && offsets[b + 1] - t <= places ? 0 : 1;
    }
  }
  return { rows: tf.tensor1d(rows, 'int32'), seen: tf.tensor2d(seen, [count, places]) };
}

export interface TopEventsOptions {
  readonly offsets: Int32Array;
  readonly k: number;
  readonly mask: RetrievalMask;
  /** Of `fuxictr`: up to how many events histories are filled, and the score of what fills them. */
  readonly filled: number;
  readonly fillScore: number;
}

/** Lower than any score. */
const NEVER = -1e30;

/**
 * The `k` events of each history with the largest scores, of equal ones the newest first. There is no gradient of the
 * choice.
 *
 * @param scores makes them, `[T]`.
 */
export function topEvents(scores: () => tf.Tensor1D, options: TopEventsOptions): Taken {
  const { offsets, k, mask, filled, fillScore } = options;
  const [count, events] = [offsets.length - 1, offsets[offsets.length - 1]];
  let longest = k;
  for (let b = 0; b < count; b++) longest = Math.max(longest, offsets[b + 1] - offsets[b]);
  if (mask === 'fuxictr') longest = Math.max(longest, filled);
  const places = new Int32Array(count * longest).fill(events);
  const isThere = new Float32Array(count * k);
  for (let b = 0; b < count; b++) {
    const length = offsets[b + 1] - offsets[b];
    for (let j = 0; j < length; j++) places[b * longest + j] = offsets[b + 1] - 1 - j;
    isThere.fill(1, b * k, b * k + Math.min(k, length));
  }
  const rows = untaped(() => {
    const all = tf.concat1d([scores(), tf.tensor1d([mask === 'fuxictr' ? fillScore : NEVER])]);
    const at = tf.tensor1d(places, 'int32');
    const { indices } = tf.topk(tf.reshape(tf.gather(all, at), [count, longest]), k, true);
    const firsts = tf.tensor2d(
      Int32Array.from({ length: count }, (_, b) => b * longest),
      [count, 1],
      'int32',
    );
    return tf.gather(at, tf.reshape(tf.add(indices, firsts), [-1]) as tf.Tensor1D);
  });
  if (mask === 'events') return { rows, seen: tf.tensor2d(isThere, [count, k]) };
  return { rows, seen: untaped(() => tf.reshape(tf.cast(tf.less(rows, events), 'float32'), [count, k])) };
}

/** Rows of events, of the padding event where there is none. */
export function takenRows(tokens: tf.Tensor2D, padding: tf.Tensor2D, { rows }: Taken): tf.Tensor2D {
  return tf.tidy(() => embedding(tf.concat2d([tokens, padding], 0), rows));
}

/** 1 for each example that has an event, `[B, 1]`. */
export function hasEvents(offsets: Int32Array): tf.Tensor2D {
  const count = offsets.length - 1;
  const has = Float32Array.from({ length: count }, (_, b) => (offsets[b + 1] > offsets[b] ? 1 : 0));
  return tf.tensor2d(has, [count, 1]);
}
