import { RowCache } from '@seqrec/core';
import { drawIds, type IdStream, popularShare } from './table-ids.ts';

/** How often a way to choose who stays finds a row in the cache. */
export interface PolicyRate {
  readonly policy: string;
  /** Share of lookups after the cache has filled. */
  readonly hitRate: number;
}

/** Uses that the clock remembers of a row, at most. */
const MEMORIES = [1, 3, 15];
/** Lookups after the cache has filled, as a multiple of its size. */
const MEASURED = 2;
/** Of the batches in which the ids come. */
const COUNT = 16_384;

/** Ways to choose who stays in a cache of `capacity` rows, on the same ids one by one; no file is touched. */
export function policyRates(stream: Omit<IdStream, 'count'>, capacity: number): PolicyRate[] {
  const ids = { ...stream, count: COUNT };
  return [
    { policy: 'least recently used', hitRate: rateOf(ids, capacity, leastRecentlyUsed(capacity)) },
    ...MEMORIES.map((memory) => ({
      policy: memory === 1 ? 'clock' : `clock that counts to ${memory}`,
      hitRate: rateOf(ids, capacity, clock(capacity, memory)),
    })),
    { policy: 'the most popular rows, known beforehand', hitRate: popularShare(ids, capacity) },
  ];
}

/** Whether a row is in the cache; afterwards it is. */
type Lookup = (id: number) => boolean;

function rateOf(stream: IdStream, capacity: number, lookup: Lookup): number {
  let [misses, lookups, hits] = [0, 0, 0];
  for (let step = 0; lookups < MEASURED * capacity; step++) {
    // Filled one and a half times over: what came first by chance has gone.
    const isFull = misses >= 1.5 * capacity;
    for (const id of drawIds(stream, step)) {
      const isHit = lookup(id);
      if (!isHit) misses++;
      if (!isFull) continue;
      lookups++;
      if (isHit) hits++;
    }
  }
  return hits / lookups;
}

function clock(capacity: number, memory: number): Lookup {
  const cache = new RowCache(capacity, memory);
  return (id) => {
    cache.nextTurn();
    const slot = cache.find(id);
    if (slot < 0) cache.claim(id);
    else cache.touch(slot);
    return slot >= 0;
  };
}

/** A list of the slots from the oldest use to the newest, in a ring through slot `capacity`. */
function leastRecentlyUsed(capacity: number): Lookup {
  const slots = new Map<number, number>();
  const ids = new Int32Array(capacity);
  const before = new Int32Array(capacity + 1).fill(capacity);
  const after = new Int32Array(capacity + 1).fill(capacity);
  const unlink = (slot: number): void => {
    after[before[slot]] = after[slot];
    before[after[slot]] = before[slot];
  };
  const append = (slot: number): void => {
    before[slot] = before[capacity];
    after[slot] = capacity;
    after[before[slot]] = slot;
    before[capacity] = slot;
  };
  return (id) => {
    const found = slots.get(id);
    if (found !== undefined) unlink(found);
    let slot = found ?? slots.size;
    if (slot === capacity) {
      slot = after[capacity];
      unlink(slot);
      slots.delete(ids[slot]);
    }
    ids[slot] = id;
    slots.set(id, slot);
    append(slot);
    return found !== undefined;
  };
}
