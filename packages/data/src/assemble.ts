import { type ItemCatalogue, takeCatalogue } from './catalogue.ts';
import { DataError } from './errors.ts';
import type { EventTable } from './event-table.ts';
import { ascendingOrder, type IdMap, idMap } from './ids.ts';
import { createInteractions, type Interactions, type ProcessingStep } from './interactions.ts';
import { randomSource, shuffleRange } from './random.ts';

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
  readonly users: readonly string[];
  readonly items: readonly string[];
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
  const { table, ties, tieSeed } = options;
  const numEvents = table.length;
  const userOrder = ascendingOrder(options.users);
  const itemOrder = ascendingOrder(options.items);
  const users = permutedIds(options.users, userOrder, 0);
  const items = permutedIds(options.items, itemOrder, 1);
  if (numEvents === 0) throw new DataError('assembleInteractions', 'expected events; got none', { code: 'empty' });

  // Events by user: a counting sort, which keeps the order of the file.
  const userOf = inverse(userOrder);
  const userOffsets = new Int32Array(users.size + 1);
  for (let e = 0; e < numEvents; e++) userOffsets[userOf[table.users[e]] + 1]++;
  for (let u = 0; u < users.size; u++) userOffsets[u + 1] += userOffsets[u];
  const next = userOffsets.slice(0, users.size);
  const order = new Uint32Array(numEvents);
  for (let e = 0; e < numEvents; e++) order[next[userOf[table.users[e]]]++] = e;

  // Without times the position in the sequence is the time, so nothing is left to sort and nothing ties.
  const sorted = options.hasTimestamps ? sortByTime(order, userOffsets, table.times, ties, tieSeed) : { tied: 0 };

  const itemOf = inverse(itemOrder);
  const itemIds = new Int32Array(numEvents);
  const timestamps = new Float64Array(numEvents);
  const ratings = table.ratings === undefined ? undefined : new Float32Array(numEvents);
  for (let u = 0; u < users.size; u++) {
    for (let at = userOffsets[u]; at < userOffsets[u + 1]; at++) {
      const e = order[at];
      itemIds[at] = itemOf[table.items[e]] + 1;
      timestamps[at] = options.hasTimestamps ? table.times[e] : at - userOffsets[u];
      if (ratings !== undefined && table.ratings !== undefined) ratings[at] = table.ratings[e];
    }
  }

  const duplicates = options.hasTimestamps ? countDuplicates(userOffsets, itemIds, timestamps) : 0;
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
    hasTimestamps: options.hasTimestamps,
    steps: [options.step, sortStep(options, numEvents, sorted.tied, duplicates)],
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

function permutedIds(external: readonly string[], order: Uint32Array, first: number): IdMap {
  return idMap(
    Array.from(order, (code) => external[code]),
    first,
  );
}

function inverse(order: Uint32Array): Uint32Array {
  const rank = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) rank[order[i]] = i;
  return rank;
}

function sortByTime(
  order: Uint32Array,
  userOffsets: Int32Array,
  times: Float64Array,
  ties: TieRule,
  tieSeed: number,
): { tied: number } {
  const random = randomSource(tieSeed, 'ties');
  let tied = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    const from = userOffsets[u];
    const to = userOffsets[u + 1];
    let ascending = true;
    for (let at = from + 1; at < to && ascending; at++) ascending = times[order[at]] >= times[order[at - 1]];
    if (!ascending) order.subarray(from, to).sort((a, b) => times[a] - times[b] || a - b);
    for (let start = from; start < to; ) {
      let end = start + 1;
      while (end < to && times[order[end]] === times[order[start]]) end++;
      tied += end - start - 1;
      if (ties === 'shuffle' && end - start > 1) shuffleRange(order, start, end, random);
      start = end;
    }
  }
  return { tied };
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
