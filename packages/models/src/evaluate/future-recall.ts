import { exactPlaces } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FutureQuery } from './future-queries.ts';
import { hitGain } from './gains.ts';

/** The best items of each query, `[Q, k]`, best first, and what was left out of them. */
export interface TopLists {
  readonly vectors: tf.Tensor2D;
  readonly items: tf.Tensor2D;
  readonly ids: Int32Array;
  readonly scores: Float32Array;
  readonly k: number;
  readonly excluded: { readonly offsets: Int32Array; readonly ids: Int32Array };
}

export interface FoundEvents {
  /** Target events among the first places, expected over the orders of tied items. */
  readonly found: number;
  /** Queries whose last place inside the cut ties with the first outside. */
  readonly tiedLists: number;
  /** Of them, those that give one score to all their candidates. */
  readonly constantLists: number;
}

/**
 * How many target events are among the first `cut` items. Only where the places `cut` and `cut + 1` tie does
 * it depend on the order of equal scores; there an item at the places `r .. r + tied` counts as
 * `P(place <= cut)`, see {@link hitGain}.
 */
export async function foundEvents(
  queries: readonly FutureQuery[],
  itemIds: Int32Array,
  lists: TopLists,
  cut: number,
): Promise<FoundEvents> {
  const { ids, scores, k } = lists;
  let found = 0;
  const tied: number[] = [];
  for (const [q, { targets }] of queries.entries()) {
    if (k > cut && ids[q * k + cut] > 0 && scores[q * k + cut] === scores[q * k + cut - 1]) {
      tied.push(q);
      continue;
    }
    const best = new Set(ids.subarray(q * k, q * k + Math.min(cut, k)));
    for (let event = targets.from; event < targets.to; event++) if (best.has(itemIds[event])) found++;
  }
  if (tied.length === 0) return { found, tiedLists: 0, constantLists: 0 };
  const expected = await expectedEvents(tied, queries, itemIds, lists, cut);
  return { ...expected, found: found + expected.found, tiedLists: tied.length };
}

/** The events of the queries numbered in `tied`, a query of the ranking for each of them. */
async function expectedEvents(
  tied: readonly number[],
  queries: readonly FutureQuery[],
  itemIds: Int32Array,
  { vectors, items, excluded }: TopLists,
  cut: number,
): Promise<{ readonly found: number; readonly constantLists: number }> {
  const rows: number[] = [];
  const targets: number[] = [];
  const offsets = [0];
  const seen: Int32Array[] = [];
  for (const q of tied) {
    const own = excluded.ids.subarray(excluded.offsets[q], excluded.offsets[q + 1]);
    for (let event = queries[q].targets.from; event < queries[q].targets.to; event++) {
      rows.push(q);
      targets.push(itemIds[event]);
      seen.push(own);
      offsets.push(offsets[offsets.length - 1] + own.length);
    }
  }
  const ids = new Int32Array(offsets[offsets.length - 1]);
  for (const [i, own] of seen.entries()) ids.set(own, offsets[i]);
  const repeated = tf.tidy(() => tf.gather(vectors, tf.tensor1d(rows, 'int32')));
  try {
    const { higher, equalBefore, equalAfter } = await exactPlaces({
      queries: repeated,
      items,
      targets: Int32Array.from(targets),
      excluded: { offsets: Int32Array.from(offsets), ids },
      firstItem: 1,
    });
    const gain = hitGain(cut);
    let found = 0;
    const varied = new Set<number>();
    for (const [i, q] of rows.entries()) {
      const others = equalBefore[i] + equalAfter[i];
      found += gain(1 + higher[i], others);
      if (others + 1 < items.shape[0] - 1 - seen[i].length) varied.add(q);
    }
    return { found, constantLists: tied.length - varied.size };
  } finally {
    repeated.dispose();
  }
}
