import { ShapeError, UnsupportedError } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { hostIntegers } from './host-integers.ts';

/** What the blocks of an encoder know of the tokens besides their vectors. `B` sequences, `T` packed tokens. */
export interface TokenBatch {
  readonly numTokens: number;
  /** Length of the longest sequence, with what a memory holds of it. */
  readonly longest: number;
  /** `[B + 1]`, on the host. */
  readonly hostOffsets: Int32Array;
  /** int32 `[B + 1]`. */
  readonly offsets: tf.Tensor1D;
  /** `[T]`, 0 for the oldest token of each sequence, on the host. */
  readonly hostPositions: Int32Array;
  /** The same, int32. */
  readonly positions: tf.Tensor1D;
  /**
   * int32 `[T]`: time of the token's event, in seconds after the first event of its sequence. Where a memory holds
   * earlier tokens, of these too.
   */
  readonly keyTimes: tf.Tensor1D;
  /** int32 `[T]`: time of the event to predict, on the same clock. */
  readonly queryTimes: tf.Tensor1D;
}

/** A jagged batch on the device, one token an event. */
export interface EncoderBatch extends TokenBatch {
  /** The batch as it was before the upload: absolute times, ratings, what an objective samples labels from. */
  readonly host: SequenceBatch;
  readonly numSequences: number;
  /** int32 `[T]`. */
  readonly itemIds: tf.Tensor1D;
  /** int32 `[T]`: time of the event itself, on the clock of `keyTimes`. */
  readonly eventTimes: tf.Tensor1D;
  /** int32 `[T]`: the item to predict at each position. */
  readonly targets: tf.Tensor1D;
  /** 1 at each position after which the event is hidden from the encoder, `[T]`, on the host; see `predicts`. */
  readonly hidden?: Uint8Array;
  /** Frees the tensors. */
  dispose(): void;
}

/** Columns of a batch that hold item ids. */
const ITEM_COLUMNS = ['itemIds', 'targets'] as const;

/** The item ids of a batch. */
export function itemIdsOf(batch: SequenceBatch): Int32Array[] {
  return ITEM_COLUMNS.map((name) => batch[name]);
}

/** The batch with every column of item ids replaced. */
export function mapItemIds(batch: SequenceBatch, map: (ids: Int32Array) => Int32Array): SequenceBatch {
  return { ...batch, ...Object.fromEntries(ITEM_COLUMNS.map((name) => [name, map(batch[name])])) };
}

/**
 * Uploads a batch: the only point at which typed arrays become tensors.
 *
 * @throws ShapeError when the columns disagree; UnsupportedError when a sequence spans more than 2^31 seconds.
 */
export function uploadBatch(batch: SequenceBatch): EncoderBatch {
  const { offsets } = batch;
  const numSequences = offsets.length - 1;
  const numTokens = offsets[numSequences];
  checkColumns(batch, numTokens);
  const positions = new Int32Array(numTokens);
  const keyTimes = new Int32Array(numTokens);
  const queryTimes = new Int32Array(numTokens);
  let longest = 0;
  const { timestamps, targetTimestamps } = batch;
  for (let b = 0; b < numSequences; b++) {
    const start = offsets[b];
    const end = offsets[b + 1];
    const origin = timestamps[start];
    longest = Math.max(longest, end - start);
    // One test a sequence: NaN fails it too.
    let largest = 0;
    for (let t = start; t < end; t++) {
      const key = Math.floor(timestamps[t] - origin);
      const query = Math.floor(targetTimestamps[t] - origin);
      positions[t] = t - start;
      keyTimes[t] = key;
      queryTimes[t] = query;
      largest = Math.max(largest, Math.abs(key), Math.abs(query));
    }
    if (!(largest < 2 ** 31)) throw tooFarApart(largest, b);
  }
  return tensorsOf(batch, { positions, keyTimes, eventTimes: keyTimes, queryTimes, longest });
}

/** What a batch is uploaded with besides its own columns: see {@link EncoderBatch}. */
export interface TokenClock {
  readonly positions: Int32Array;
  readonly keyTimes: Int32Array;
  readonly eventTimes: Int32Array;
  readonly queryTimes: Int32Array;
  readonly longest: number;
}

/** A batch on the device, positions and times as given. */
export function tensorsOf(batch: SequenceBatch, clock: TokenClock): EncoderBatch {
  const { offsets } = batch;
  const { positions, keyTimes, eventTimes, queryTimes, longest } = clock;
  const keys = hostIntegers(keyTimes);
  const tensors = {
    offsets: hostIntegers(offsets),
    itemIds: tf.tensor1d(batch.itemIds, 'int32'),
    positions: tf.tensor1d(positions, 'int32'),
    targets: tf.tensor1d(batch.targets, 'int32'),
    keyTimes: keys,
    eventTimes: eventTimes === keyTimes ? keys : hostIntegers(eventTimes),
    queryTimes: hostIntegers(queryTimes),
  };
  return {
    numSequences: offsets.length - 1,
    numTokens: offsets[offsets.length - 1],
    longest,
    host: batch,
    hostOffsets: offsets,
    hostPositions: positions,
    ...tensors,
    dispose: () => tf.dispose(tensors),
  };
}

function tooFarApart(seconds: number, sequence: number): UnsupportedError {
  return new UnsupportedError(
    `uploadBatch: expected timestamps in seconds, at most 2^31 apart inside a sequence; got a difference of ${seconds} in sequence ${sequence} of the batch; divide milliseconds by 1000`,
  );
}

function checkColumns(batch: SequenceBatch, numTokens: number): void {
  const columns = ['itemIds', 'timestamps', 'targets', 'targetTimestamps'] as const;
  if (columns.every((name) => batch[name].length === numTokens)) return;
  const got = columns.map((name) => `${name}[${batch[name].length}]`).join(', ');
  throw new ShapeError(
    `uploadBatch: expected columns of ${numTokens} tokens, the last offset; got ${got}; build batches with makeBatch`,
  );
}
