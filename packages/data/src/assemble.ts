import { type ItemCatalogue, takeCatalogue } from './catalogue.ts';
import { DataError } from './errors.ts';
import type { EventTable } from './event-table.ts';
import { ascendingOrder, orderedIdMap } from './ids.ts';
import { createInteractions, type Interactions, type ProcessingStep } from './interactions.ts';
import type { ExternalIds } from './interner.ts';
import { randomSource, shuffleRange } from './random.ts';
import { sortPositions } from './sorting.ts';

/**
 * What to do with events of one user that share a time: keep the order of the file, or shuffle them.
 *
 * Data with day resolution (Amazon) keeps, inside a day, an order that is not the order of events and that leaks
 * co-occurrence; shuffling removes it.
 */
export type TieRule = 'file-order' | 'shuffle';

export interface AssembleOptions {
  readonly name: string;
  readonly table: EventTable;
  /** External ids by interner code. */
  readonly users: ExternalIds;
  readonly items: ExternalIds;
  /** By item code + 1. */
  readonly catalogue?: ItemCatalogue;
  readonly hasTimestamps: boolean;
  readonly ties: TieRule;
  readonly tieSeed: number;
  /** The reader's step; the sort step is added here. */
  readonly step: ProcessingStep;
}

/** Table of codes -> store sorted by user, time, file order, with dense ids in ascending order of the external ids. */
export function assembleInteractions(options: AssembleOptions): Interactions {
  const { table, hasTimestamps, ties, tieSeed } = options;
  if (table.length === 0) throw new DataError('assembleInteractions', 'expected events; got none', { code: 'empty' });
  const userOrder = ascendingOrder(options.users);
  const itemOrder = ascendingOrder(options.items);
  const users = orderedIdMap(options.users, userOrder, 0);
  const items = orderedIdMap(options.items, itemOrder, 1);
  const columns = groupByUser(table, inverse(userOrder), inverse(itemOrder));
  const { userOffsets, itemIds, timestamps, ratings } = columns;
  // Without times the position in the sequence is the time, so nothing is left to sort and nothing ties.
  const tied = hasTimestamps ? sortByTime(columns, ties, tieSeed) : numberPositions(columns);
  const duplicates = hasTimestamps ? countDuplicates(userOffsets, itemIds, timestamps) : 0;
  return createInteractions({
    name: options.name,
    users,
    items,
    userOffsets,
    itemIds,
    timestamps,
    ...(ratings === undefined ? {} : { ratings }),
    ...(options.catalogue === undefined
      ? {}
      : { catalogue: takeCatalogue(options.catalogue, Int32Array.from(itemOrder)) }),
    hasTimestamps,
    steps: [options.step, sortStep(options, table.length, tied, duplicates)],
  });
}

function sortStep(options: AssembleOptions, events: number, tied: number, duplicates: number): ProcessingStep {
  const share = ((100 * tied) / events).toFixed(1);
  const rule = options.ties === 'shuffle' ? `shuffled with seed ${options.tieSeed}` : 'kept in the order of the file';
  const detail = options.hasTimestamps
    ? `Sorted by user, then time; ${tied} events (${share} %) share a time with an earlier event of their user, ` +
      `ties are ${rule}; ${duplicates} rows repeat an earlier user, item and time and are kept.`
    : 'Grouped by user in the order of the file; there are no times, the position in the sequence stands for them.';
  return {
    name: 'sort',
    detail,
    params: options.ties === 'shuffle' ? { ties: 'shuffle', tieSeed: options.tieSeed } : { ties: 'file-order' },
    counts: { events, tied, duplicates },
  };
}

function inverse(order: Uint32Array): Uint32Array {
  const rank = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) rank[order[i]] = i;
  return rank;
}

/** The event columns, by user; `userOffsets` says where each user's events are. */
interface EventColumns {
  readonly userOffsets: Int32Array;
  readonly itemIds: Int32Array;
  readonly timestamps: Float64Array;
  readonly ratings?: Float32Array;
}

/** A counting sort by user, which keeps the order of the file: one pass that counts, one that moves. */
function groupByUser(table: EventTable, userOf: Uint32Array, itemOf: Uint32Array): EventColumns {
  const { users, items, times, ratings, length } = table;
  const userOffsets = new Int32Array(userOf.length + 1);
  for (let e = 0; e < length; e++) userOffsets[userOf[users[e]] + 1]++;
  for (let u = 0; u < userOf.length; u++) userOffsets[u + 1] += userOffsets[u];
  // By code, so that a row needs one look-up.
  const next = new Int32Array(userOf.length);
  for (let code = 0; code < userOf.length; code++) next[code] = userOffsets[userOf[code]];
  const itemIds = new Int32Array(length);
  const timestamps = new Float64Array(length);
  const sortedRatings = ratings === undefined ? undefined : new Float32Array(length);
  for (let e = 0; e < length; e++) {
    const at = next[users[e]]++;
    itemIds[at] = itemOf[items[e]] + 1;
    timestamps[at] = times[e];
    if (sortedRatings !== undefined && ratings !== undefined) sortedRatings[at] = ratings[e];
  }
  return { userOffsets, itemIds, timestamps, ...(sortedRatings === undefined ? {} : { ratings: sortedRatings }) };
}

function numberPositions({ userOffsets, timestamps }: EventColumns): number {
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    for (let at = userOffsets[u]; at < userOffsets[u + 1]; at++) timestamps[at] = at - userOffsets[u];
  }
  return 0;
}

/** Sorts the events of every user by time, in place; returns how many share a time with an earlier one. */
function sortByTime(columns: EventColumns, ties: TieRule, tieSeed: number): number {
  const { userOffsets, itemIds, timestamps, ratings } = columns;
  const random = randomSource(tieSeed, 'ties');
  let longest = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) longest = Math.max(longest, userOffsets[u + 1] - userOffsets[u]);
  const order = new Uint32Array(longest);
  const scratch = new Uint32Array(longest);
  const moved = new Float64Array(longest);
  let tied = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    const from = userOffsets[u];
    const count = userOffsets[u + 1] - from;
    let ascending = true;
    for (let at = from + 1; at < from + count && ascending; at++) ascending = timestamps[at] >= timestamps[at - 1];
    if (ascending) for (let i = 0; i < count; i++) order[i] = i;
    else sortPositions(timestamps, from, count, order, scratch);
    let shuffled = false;
    for (let start = 0; start < count; ) {
      let end = start + 1;
      while (end < count && timestamps[from + order[end]] === timestamps[from + order[start]]) end++;
      tied += end - start - 1;
      if (ties === 'shuffle' && end - start > 1) {
        shuffleRange(order, start, end, random);
        shuffled = true;
      }
      start = end;
    }
    if (ascending && !shuffled) continue;
    reorder(itemIds, from, count, order, moved);
    reorder(timestamps, from, count, order, moved);
    if (ratings !== undefined) reorder(ratings, from, count, order, moved);
  }
  return tied;
}

/** `column[from + i]` becomes the old `column[from + order[i]]`; doubles hold every column's values exactly. */
function reorder(
  column: Int32Array | Float64Array | Float32Array,
  from: number,
  count: number,
  order: Uint32Array,
  moved: Float64Array,
): void {
  for (let i = 0; i < count; i++) moved[i] = column[from + order[i]];
  for (let i = 0; i < count; i++) column[from + i] = moved[i];
}

/** Events that repeat an earlier (user, item, time). */
export function countDuplicates(userOffsets: Int32Array, itemIds: Int32Array, timestamps: Float64Array): number {
  let duplicates = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    const to = userOffsets[u + 1];
    for (let start = userOffsets[u]; start < to; ) {
      let end = start + 1;
      while (end < to && timestamps[end] === timestamps[start]) end++;
      if (end - start > 1) duplicates += end - start - new Set(itemIds.subarray(start, end)).size;
      start = end;
    }
  }
  return duplicates;
}
