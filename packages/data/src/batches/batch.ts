import { OptionError } from '../errors.ts';
import type { ExampleSet } from '../splits/split.ts';
import type { BatchPlan } from './pack.ts';

/** A jagged batch: `B` sequences packed one after another into `T` tokens, no padding. */
export interface SequenceBatch {
  /** Dense user of each sequence; shape [B]. */
  readonly users: Int32Array;
  /** Sequence `b` is the tokens `[offsets[b], offsets[b + 1])`; shape [B + 1]. */
  readonly offsets: Int32Array;
  /** Items of the histories, oldest first; shape [T]. */
  readonly itemIds: Int32Array;
  /** Seconds; shape [T]. */
  readonly timestamps: Float64Array;
  /** The next item at each position; at the last one of a sequence it is the example's target; shape [T]. */
  readonly targets: Int32Array;
  /** Time of the next event, seconds; shape [T]. */
  readonly targetTimestamps: Float64Array;
  /** Ratings of the histories, where the data have them; shape [T]. */
  readonly ratings?: Float32Array;
  /** Rating of the next event at each position, where the data have them; shape [T]. */
  readonly targetRatings?: Float32Array;
}

/**
 * Packs the examples at `indices`, in that order.
 *
 * @throws {OptionError} for an index outside the set
 */
export function makeBatch(set: ExampleSet, indices: Int32Array | readonly number[]): SequenceBatch {
  const numSequences = indices.length;
  const offsets = new Int32Array(numSequences + 1);
  const users = new Int32Array(numSequences);
  for (let b = 0; b < numSequences; b++) {
    const e = indices[b];
    if (!(e >= 0 && e < set.targets.length) || !Number.isInteger(e)) {
      throw new OptionError('makeBatch', `expected indices in 0..${set.targets.length - 1}; got ${e}`, {
        key: 'indices',
      });
    }
    users[b] = set.users[e];
    offsets[b + 1] = offsets[b] + set.targets[e] - set.starts[e];
  }
  const numTokens = offsets[numSequences];
  const itemIds = new Int32Array(numTokens);
  const timestamps = new Float64Array(numTokens);
  const targets = new Int32Array(numTokens);
  const targetTimestamps = new Float64Array(numTokens);
  const items = set.interactions.itemIds;
  const times = set.interactions.timestamps;
  const { events } = set;
  const rated = set.interactions.ratings;
  const ratings = new Float32Array(rated === undefined ? 0 : numTokens);
  const targetRatings = new Float32Array(rated === undefined ? 0 : numTokens);
  for (let b = 0; b < numSequences; b++) {
    const start = set.starts[indices[b]];
    const target = set.targets[indices[b]];
    const at = offsets[b];
    if (events !== undefined) {
      const first = events.offsets[indices[b]] - at;
      for (let t = at; t < offsets[b + 1]; t++) {
        const event = events.indices[first + t];
        const next = t + 1 < offsets[b + 1] ? events.indices[first + t + 1] : target;
        itemIds[t] = items[event];
        timestamps[t] = times[event];
        targets[t] = items[next];
        targetTimestamps[t] = times[next];
        if (rated === undefined) continue;
        ratings[t] = rated[event];
        targetRatings[t] = rated[next];
      }
      continue;
    }
    // Events of a user are neighbours, so inputs and targets are the same range, one event apart.
    itemIds.set(items.subarray(start, target), at);
    timestamps.set(times.subarray(start, target), at);
    targets.set(items.subarray(start + 1, target + 1), at);
    targetTimestamps.set(times.subarray(start + 1, target + 1), at);
    if (rated === undefined) continue;
    ratings.set(rated.subarray(start, target), at);
    targetRatings.set(rated.subarray(start + 1, target + 1), at);
  }
  const columns = { users, offsets, itemIds, timestamps, targets, targetTimestamps };
  return rated === undefined ? columns : { ...columns, ratings, targetRatings };
}

export type BatchesOptions = {
  /** First batch to make, from 0: an epoch interrupted after `n` batches goes on with `n`. */
  readonly startBatch?: number;
} & (
  | {
      readonly batchSize: number;
      /** Order of the examples, for example from `epochOrder`; default: as they are. */
      readonly order?: Int32Array;
    }
  /** Batches of any sizes, for example from `packByTokens`. */
  | { readonly plan: BatchPlan }
);

/** Number of batches of an epoch; the last one may be smaller. */
export function countBatches(numExamples: number, batchSize: number): number {
  return Math.ceil(numExamples / batchSize);
}

/**
 * The batches of one epoch. With the same order or plan, batches from `startBatch` on are those
 * of an uninterrupted epoch.
 *
 * @throws {OptionError} for a batch size below 1 or a start outside the epoch
 */
export function batches(set: ExampleSet, options: BatchesOptions): Iterable<SequenceBatch> {
  const { startBatch = 0 } = options;
  const { order, offsets } = 'plan' in options ? options.plan : fixedPlan(set, options);
  const total = offsets.length - 1;
  if (!Number.isInteger(startBatch) || startBatch < 0 || startBatch > total) {
    throw new OptionError('batches', `expected startBatch in 0..${total}; got ${startBatch}`, { key: 'startBatch' });
  }
  return {
    *[Symbol.iterator]() {
      for (let b = startBatch; b < total; b++) yield makeBatch(set, order.subarray(offsets[b], offsets[b + 1]));
    },
  };
}

function fixedPlan(set: ExampleSet, options: { readonly batchSize: number; readonly order?: Int32Array }): BatchPlan {
  const { batchSize } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new OptionError('batches', `expected a batchSize of 1 or more; got ${batchSize}`, { key: 'batchSize' });
  }
  const order = options.order ?? Int32Array.from({ length: set.targets.length }, (_, e) => e);
  const total = countBatches(order.length, batchSize);
  return { order, offsets: Int32Array.from({ length: total + 1 }, (_, b) => Math.min(b * batchSize, order.length)) };
}
