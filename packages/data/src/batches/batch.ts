import { OptionError } from '../errors.ts';
import { hasRows, type RequestSet } from '../examples/by-request.ts';
import type { ExampleSet } from '../splits/split.ts';
import { type BatchRows, gatherBatch } from './gather.ts';
import type { BatchPlan } from './pack.ts';
import { type BatchColumns, type SequenceBatch, sequenceBatch } from './sequence-batch.ts';

/**
 * Packs the examples at `indices`, in that order, with the further columns that are asked for.
 *
 * @throws {OptionError} for an index outside the set; {DataError} `bad-columns` for a column that is not there
 */
export function makeBatch(
  set: ExampleSet,
  indices: Int32Array | readonly number[],
  columns: BatchColumns = {},
): SequenceBatch {
  const numSequences = indices.length;
  const offsets = new Int32Array(numSequences + 1);
  const users = new Int32Array(numSequences);
  const targets = new Int32Array(numSequences);
  for (let b = 0; b < numSequences; b++) {
    const e = indices[b];
    if (!(e >= 0 && e < set.targets.length) || !Number.isInteger(e)) {
      throw new OptionError('makeBatch', `expected indices in 0..${set.targets.length - 1}; got ${e}`, {
        key: 'indices',
      });
    }
    users[b] = set.users[e];
    targets[b] = set.targets[e];
    offsets[b + 1] = offsets[b] + set.targets[e] - set.starts[e];
  }
  const plain = Object.values(columns).every((names: readonly string[]) => names.length === 0);
  if (hasRows(set)) {
    const rows = { users, offsets, ...eventRows(set, indices, offsets), ...requestRows(set, indices) };
    return gatherBatch(set.interactions, rows, columns);
  }
  if (set.events === undefined && plain) return rangeBatch(set, indices, { users, offsets });
  return gatherBatch(set.interactions, { users, offsets, targets, ...eventRows(set, indices, offsets) }, columns);
}

/** The rows of the requests at `indices`. */
function requestRows(
  { rows }: RequestSet,
  indices: Int32Array | readonly number[],
): Pick<BatchRows, 'targets' | 'rowOffsets'> {
  const rowOffsets = new Int32Array(indices.length + 1);
  for (let b = 0; b < indices.length; b++) {
    rowOffsets[b + 1] = rowOffsets[b] + rows.offsets[indices[b] + 1] - rows.offsets[indices[b]];
  }
  const targets = new Int32Array(rowOffsets[indices.length]);
  for (let b = 0; b < indices.length; b++) {
    const e = indices[b];
    targets.set(rows.targets.subarray(rows.offsets[e], rows.offsets[e + 1]), rowOffsets[b]);
  }
  return { targets, rowOffsets };
}

/** The event of each token and the one after it. */
function eventRows(
  { starts, targets, events }: ExampleSet,
  indices: Int32Array | readonly number[],
  offsets: Int32Array,
): { readonly tokens: Int32Array; readonly next: Int32Array } {
  const tokens = new Int32Array(offsets[indices.length]);
  const next = new Int32Array(tokens.length);
  for (let b = 0; b < indices.length; b++) {
    const at = offsets[b];
    const end = offsets[b + 1];
    const first = events === undefined ? starts[indices[b]] - at : events.offsets[indices[b]] - at;
    for (let t = at; t < end; t++) tokens[t] = events === undefined ? first + t : events.indices[first + t];
    for (let t = at; t + 1 < end; t++) next[t] = tokens[t + 1];
    if (end > at) next[end - 1] = targets[indices[b]];
  }
  return { tokens, next };
}

/** Events of a user are neighbours, so that inputs and targets are the same range, one event apart. */
function rangeBatch(
  set: ExampleSet,
  indices: Int32Array | readonly number[],
  { users, offsets }: Pick<SequenceBatch, 'users' | 'offsets'>,
): SequenceBatch {
  const { itemIds: items, timestamps: times, ratings: rated } = set.interactions;
  const numTokens = offsets[indices.length];
  const itemIds = new Int32Array(numTokens);
  const timestamps = new Float64Array(numTokens);
  const targets = new Int32Array(numTokens);
  const targetTimestamps = new Float64Array(numTokens);
  const ratings = new Float32Array(rated === undefined ? 0 : numTokens);
  const targetRatings = new Float32Array(rated === undefined ? 0 : numTokens);
  for (let b = 0; b < indices.length; b++) {
    const start = set.starts[indices[b]];
    const target = set.targets[indices[b]];
    const at = offsets[b];
    itemIds.set(items.subarray(start, target), at);
    timestamps.set(times.subarray(start, target), at);
    targets.set(items.subarray(start + 1, target + 1), at);
    targetTimestamps.set(times.subarray(start + 1, target + 1), at);
    if (rated === undefined) continue;
    ratings.set(rated.subarray(start, target), at);
    targetRatings.set(rated.subarray(start + 1, target + 1), at);
  }
  const own = { users, offsets, itemIds, timestamps, targets, targetTimestamps };
  return sequenceBatch(rated === undefined ? own : { ...own, ratings, targetRatings });
}

export type BatchesOptions = {
  /** First batch to make, from 0: an epoch interrupted after `n` batches goes on with `n`. */
  readonly startBatch?: number;
  /** Further columns of the batches; default none. */
  readonly columns?: BatchColumns;
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
  const { startBatch = 0, columns } = options;
  const { order, offsets } = 'plan' in options ? options.plan : fixedPlan(set, options);
  const total = offsets.length - 1;
  if (!Number.isInteger(startBatch) || startBatch < 0 || startBatch > total) {
    throw new OptionError('batches', `expected startBatch in 0..${total}; got ${startBatch}`, { key: 'startBatch' });
  }
  return {
    *[Symbol.iterator]() {
      for (let b = startBatch; b < total; b++)
        yield makeBatch(set, order.subarray(offsets[b], offsets[b + 1]), columns);
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
