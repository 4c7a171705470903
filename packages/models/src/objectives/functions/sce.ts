import { embedding, logSumExpScores, topItemTensors, UnsupportedError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { readsLater } from '../../train/reads-later.ts';

/** Buckets of hard pairs: the rows of each, and the items that these rows are scored against. */
export interface Buckets {
  readonly rows: readonly Int32Array[];
  readonly items: readonly Int32Array[];
}

export interface BucketOptions {
  /** `[N, D]`: a direction each. */
  readonly centres: tf.Tensor2D;
  /** `[P, D]`. */
  readonly queries: tf.Tensor2D;
  /** `[I, D]`: item ids are its rows. */
  readonly items: tf.Tensor2D;
  /** Lowest and highest id that may be in a bucket; default: all rows. */
  readonly firstItem?: number;
  readonly lastItem?: number;
  /** Rows and items of a bucket, at most. */
  readonly numRows: number;
  readonly numItems: number;
}

/**
 * For each centre the rows and the items with the largest products with it: they lie in one direction, so that their
 * own products are large. Read to the host; no gradient.
 *
 * @throws UnsupportedError on `webgpu`, which the host cannot read in the middle of a step.
 */
export function chooseBuckets(options: BucketOptions): Buckets {
  const { centres, queries, items, firstItem = 0, lastItem = items.shape[0] - 1, numRows, numItems } = options;
  if (readsLater()) {
    throw new UnsupportedError(
      `chooseBuckets: expected a backend that is read in the middle of a step; got ${tf.getBackend()}; take --backend simd, or another objective`,
    );
  }
  const best = (of: tf.Tensor2D, k: number, among: { readonly firstItem?: number; readonly last?: Int32Array }) => {
    const ids = tf.tidy(() => topItemTensors({ queries: centres, items: of, k, ...among })[1]);
    const values = ids.dataSync<'int32'>();
    ids.dispose();
    return Array.from({ length: centres.shape[0] }, (_, b) => {
      // Places that nothing fills are the last: there are none but where vectors are no numbers.
      let filled = k;
      while (filled > 0 && values[b * k + filled - 1] < 0) filled--;
      return values.slice(b * k, b * k + filled);
    });
  };
  const last = new Int32Array(centres.shape[0]).fill(lastItem);
  return {
    rows: best(queries, Math.min(numRows, queries.shape[0]), {}),
    items: best(items, Math.min(numItems, lastItem - firstItem + 1), { firstItem, last }),
  };
}

/** Centres of buckets that mix rows at random, `weights^T queries`: `[N, D]`, of weights `[P, N]`. */
export function mixedCentres(weights: tf.Tensor2D, queries: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(weights, queries, true, false);
}

export interface BucketScores {
  /** `[P, D]`, divided by the temperature. */
  readonly queries: tf.Tensor2D;
  /** `[I, D]`. */
  readonly items: tf.Tensor2D;
  /** The score of each row's label, `[P]`. */
  readonly positive: tf.Tensor1D;
  /** Id of each row's label, `[P]`. */
  readonly labels: Int32Array;
}

/**
 * Scalable cross-entropy: of each row of a bucket `-ln(e^{s_p} / (e^{s_p} + sum_j e^{s_j}))` over the items `j` of the
 * bucket that are not its label; a row of several buckets counts with its largest loss, one of none with 0. `[P]`.
 *
 * A bucket of all rows and all items is the full softmax.
 *
 * Source: Mezentsev et al. 2024 (RecSys, arXiv:2409.18721), section 3, and its public code.
 */
export function bucketSoftmax({ queries, items, positive, labels }: BucketScores, buckets: Buckets): tf.Tensor1D {
  const used = buckets.rows.flatMap((rows, b) => (rows.length > 0 && buckets.items[b].length > 0 ? [b] : []));
  if (used.length === 0) return tf.mul(positive, 0);
  const rowLists = used.map((b) => buckets.rows[b]);
  const itemLists = used.map((b) => buckets.items[b]);
  const rows = joined(rowLists);
  const groups = split(embedding(queries, tf.tensor1d(rows, 'int32')), rowLists);
  const vectors = split(embedding(items, tf.tensor1d(joined(itemLists), 'int32')), itemLists);
  const totals = tf.concat(groups.map((group, b) => logSumExpScores({ queries: group, items: vectors[b] })));
  const excess = tf.sub<tf.Tensor1D>(totals, tf.gather(positive, tf.tensor1d(rows, 'int32')));
  // A label among the items of its bucket is in the sum already.
  const within = tf.tensor1d(labelsWithin(rowLists, itemLists, { labels, count: items.shape[0] }), 'bool');
  const losses = tf.where(within, excess, tf.softplus(excess)) as tf.Tensor1D;
  return largestOfRows(losses, rows, labels.length);
}

/** Whether each row is in a bucket. */
export function coveredRows({ rows }: Buckets, count: number): Uint8Array {
  const covered = new Uint8Array(count);
  for (const list of rows) for (const row of list) covered[row] = 1;
  return covered;
}

/** Those rows of buckets that lie in `first .. first + count - 1`, counted from there. */
export function bucketsWithin({ rows, items }: Buckets, first: number, count: number): Buckets {
  const own = rows.map((list) => list.map((row) => row - first).filter((row) => row >= 0 && row < count));
  return { rows: own, items };
}

function joined(lists: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

function split(x: tf.Tensor2D, lists: readonly Int32Array[]): tf.Tensor2D[] {
  return lists.length === 1
    ? [x]
    : tf.split(
        x,
        lists.map((list) => list.length),
      );
}

/** Whether the label of each entry is among the items of its bucket. */
function labelsWithin(
  rows: readonly Int32Array[],
  items: readonly Int32Array[],
  { labels, count }: { readonly labels: Int32Array; readonly count: number },
): Uint8Array {
  const within = new Uint8Array(rows.reduce((sum, list) => sum + list.length, 0));
  // The last bucket that has an item, counted from 1.
  const bucketOf = new Int32Array(count);
  let entry = 0;
  for (const [b, list] of rows.entries()) {
    for (const item of items[b]) bucketOf[item] = b + 1;
    for (const row of list) within[entry++] = bucketOf[labels[row]] === b + 1 ? 1 : 0;
  }
  return within;
}

/**
 * Of entries `[E]` of rows the largest of each row, 0 of a row without: `[count]`. The first of equal ones gets all of
 * the gradient.
 */
function largestOfRows(entries: tf.Tensor1D, rows: Int32Array, count: number): tf.Tensor1D {
  const numbers = new Int32Array(count);
  for (const row of rows) numbers[row]++;
  const width = numbers.reduce((most, n) => Math.max(most, n), 1);
  // Places past the entries: one that is never the largest, one of 0.
  const [none, nothing] = [rows.length, rows.length + 1];
  const places = new Int32Array(count * width).fill(none);
  numbers.fill(0);
  for (const [entry, row] of rows.entries()) places[row * width + numbers[row]++] = entry;
  for (const [row, n] of numbers.entries()) if (n === 0) places[row * width] = nothing;
  const table = tf.concat([entries, tf.tensor1d([LEAST, 0])]) as tf.Tensor1D;
  const each = tf.gather<tf.Tensor>(table, tf.tensor2d(places, [count, width], 'int32'));
  if (width === 1) return tf.reshape(each, [count]);
  return tf.sum(tf.mul(each, tf.oneHot(tf.argMax(each, 1) as tf.Tensor1D, width)), 1);
}

/** Below every loss, and finite, so that nothing times it is 0. */
const LEAST = -1e30;
