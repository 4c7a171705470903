import { countDuplicates } from './assemble.ts';
import { type EventRows, happenedEvents } from './examples/happened-events.ts';
import type { Interactions } from './interactions.ts';

export interface LengthStats {
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Lengths below which 10, 25, 75, 90, 95 and 99 % of the users lie (nearest rank). */
  readonly percentiles: Readonly<Record<'p10' | 'p25' | 'p75' | 'p90' | 'p95' | 'p99', number>>;
}

export interface DatasetStats {
  readonly name: string;
  readonly digest: string;
  readonly users: number;
  /** Size of the corpus. */
  readonly items: number;
  /** Items with at least one event. */
  readonly itemsWithEvents: number;
  readonly events: number;
  /** events / (users x items). */
  readonly density: number;
  readonly lengths: LengthStats;
  /** Seconds; absent when the source has no times. */
  readonly time?: { readonly first: number; readonly last: number };
  /** Share of events at the same time as the event before them of the same user. */
  readonly sameTimeShare: number;
  /**
   * Share of events after which the same user has one at a later time, at most so many days later: what objectives
   * and tests over a window of days can see. Absent when the source has no times.
   */
  readonly followedWithin?: readonly { readonly days: number; readonly share: number }[];
  /** Events that repeat an earlier user, item and time. */
  readonly duplicates: number;
  /** Events whose user had the item before, whatever the time. */
  readonly repeatShare: number;
  /** Events by rating, ascending. */
  readonly ratings?: readonly { readonly rating: number; readonly count: number }[];
}

const DAY = 86_400;
const FOLLOW_DAYS = [1, 7, 14, 28, 112, 365];

/** What a dataset looks like, in one pass and one sort of the lengths; rows that were drawn are no events. */
export function datasetStats(interactions: Interactions): DatasetStats {
  const i = happenedEvents(interactions);
  const hasTimes = i.hasTimestamps !== false;
  const seenItem = new Int32Array(i.numItems + 1).fill(-1);
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let tied = 0;
  let repeats = 0;
  for (let u = 0; u < i.numUsers; u++) {
    const start = i.userOffsets[u];
    const end = i.userOffsets[u + 1];
    for (let e = start; e < end; e++) {
      if (e > start && i.timestamps[e] === i.timestamps[e - 1]) tied++;
      if (seenItem[i.itemIds[e]] === u) repeats++;
      seenItem[i.itemIds[e]] = u;
    }
    first = Math.min(first, i.timestamps[start]);
    last = Math.max(last, i.timestamps[end - 1]);
  }
  let itemsWithEvents = 0;
  for (let item = 1; item <= i.numItems; item++) if (seenItem[item] >= 0) itemsWithEvents++;
  return {
    name: interactions.name,
    digest: interactions.digest,
    users: i.numUsers,
    items: i.numItems,
    itemsWithEvents,
    events: i.numEvents,
    density: i.numEvents / (i.numUsers * i.numItems),
    lengths: lengthStats(i),
    ...(hasTimes ? { time: { first, last } } : {}),
    sameTimeShare: hasTimes ? tied / i.numEvents : 0,
    ...(hasTimes ? { followedWithin: followedWithin(i) } : {}),
    duplicates: hasTimes ? countDuplicates(i.userOffsets, i.itemIds, i.timestamps) : 0,
    repeatShare: repeats / i.numEvents,
    ...(i.ratings === undefined ? {} : { ratings: ratingCounts(i.ratings) }),
  };
}

function followedWithin(i: EventRows): { days: number; share: number }[] {
  const counts = FOLLOW_DAYS.map(() => 0);
  for (let u = 0; u < i.numUsers; u++) {
    // The least time after that of the event, of one event or of several that share a time.
    let later = Number.POSITIVE_INFINITY;
    let time = Number.POSITIVE_INFINITY;
    for (let e = i.userOffsets[u + 1] - 1; e >= i.userOffsets[u]; e--) {
      if (i.timestamps[e] < time) {
        later = time;
        time = i.timestamps[e];
      }
      for (let d = 0; d < FOLLOW_DAYS.length; d++) if (later - time <= FOLLOW_DAYS[d] * DAY) counts[d]++;
    }
  }
  return FOLLOW_DAYS.map((days, d) => ({ days, share: counts[d] / i.numEvents }));
}

function sortedLengths(i: EventRows): Int32Array {
  return Int32Array.from({ length: i.numUsers }, (_, u) => i.userOffsets[u + 1] - i.userOffsets[u]).sort();
}

function lengthStats(i: EventRows): LengthStats {
  const lengths = sortedLengths(i);
  const n = lengths.length;
  const rank = (percent: number): number => lengths[Math.max(0, Math.ceil((percent / 100) * n) - 1)];
  return {
    mean: i.numEvents / n,
    median: (lengths[(n - 1) >> 1] + lengths[n >> 1]) / 2,
    min: lengths[0],
    max: lengths[n - 1],
    percentiles: { p10: rank(10), p25: rank(25), p75: rank(75), p90: rank(90), p95: rank(95), p99: rank(99) },
  };
}

function ratingCounts(ratings: Float32Array): { rating: number; count: number }[] {
  const counts = new Map<number, number>();
  for (const rating of ratings) counts.set(rating, (counts.get(rating) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([rating, count]) => ({ rating, count }));
}

export interface LengthBin {
  /** Lengths in [from, to). */
  readonly from: number;
  readonly to: number;
  readonly users: number;
}

/**
 * Users by length of their sequence, in bins that double: [1, 2), [2, 4), [4, 8), ...; empty ones at the ends left out.
 */
export function lengthHistogram(i: Interactions): LengthBin[] {
  const lengths = sortedLengths(happenedEvents(i));
  const bins: LengthBin[] = [];
  let at = 0;
  for (let from = 1; at < lengths.length; from *= 2) {
    let users = 0;
    while (at < lengths.length && lengths[at] < from * 2) {
      users++;
      at++;
    }
    if (users > 0 || bins.length > 0) bins.push({ from, to: from * 2, users });
  }
  return bins;
}
