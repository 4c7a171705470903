import { type EventRows, happenedEvents } from './examples/happened-events.ts';
import type { Interactions } from './interactions.ts';

/** What the order of events that share a time looks like. */
export interface TieOrder {
  /** Events at the time of an earlier event of their user. */
  readonly tied: number;
  /** Pairs of different items that are neighbours at one time at least twice, over all users. */
  readonly repeatedPairs: number;
  /** Those that always came the same way round. */
  readonly oneWay: number;
  /** As many as would by chance: the sum of `2^(1 - m)` over pairs that came `m` times. */
  readonly oneWayByChance: number;
  /** How far `oneWay` lies above chance, in standard deviations. */
  readonly deviations: number;
  /** Largest number of seconds that divides all times: 86,400 for whole days. */
  readonly resolution: number;
  /** Events that share a time are sorted by something about their items, so their order is not one of events. */
  readonly suspicious: boolean;
}

const clear = 6;

/**
 * Looks for a made-up order among events of one user that share a time.
 *
 * Files whose times are whole days (Amazon 2014) keep, inside a day, the order in which they were once sorted by item.
 * Items that are bought together then follow each other the same way round for everybody, and a sequence model scores
 * by learning it. People do not all act in one order: where ties are shuffled, a pair that was seen `m` times came
 * always the same way round with chance `2^(1 - m)`.
 */
export function tieOrder(i: Interactions): TieOrder {
  const { tied, pairs, resolution } = neighbours(happenedEvents(i));
  pairs.sort();
  let repeatedPairs = 0;
  let oneWay = 0;
  let oneWayByChance = 0;
  let variance = 0;
  for (let start = 0; start < pairs.length; ) {
    const pair = Math.floor(pairs[start] / 2);
    let end = start + 1;
    while (end < pairs.length && Math.floor(pairs[end] / 2) === pair) end++;
    if (end - start > 1) {
      const chance = 2 ** (1 - (end - start));
      repeatedPairs++;
      oneWayByChance += chance;
      variance += chance * (1 - chance);
      if (pairs[start] === pairs[end - 1]) oneWay++;
    }
    start = end;
  }
  const excess = oneWay - oneWayByChance;
  const deviations = variance === 0 ? 0 : excess / Math.sqrt(variance);
  // A large log shows small true tendencies too, so most of what could be one way must be.
  const suspicious = deviations > clear && excess > (repeatedPairs - oneWayByChance) / 2;
  return { tied, repeatedPairs, oneWay, oneWayByChance, deviations, resolution, suspicious };
}

/** Ties, and neighbours among them as `2 (low item * (I + 1) + high item) + (1 when the high one comes first)`. */
function neighbours(i: EventRows): { tied: number; pairs: Float64Array; resolution: number } {
  const { userOffsets, timestamps, itemIds } = i;
  if (i.hasTimestamps === false) return { tied: 0, pairs: new Float64Array(0), resolution: 0 };
  let tied = 0;
  let resolution = 0;
  const isTied = (u: number, e: number): boolean => e > userOffsets[u] && timestamps[e] === timestamps[e - 1];
  for (let u = 0; u < i.numUsers; u++) {
    for (let e = userOffsets[u]; e < userOffsets[u + 1]; e++) {
      if (resolution !== 1) resolution = divisor(resolution, timestamps[e]);
      if (isTied(u, e)) tied++;
    }
  }
  const pairs = new Float64Array(tied);
  let count = 0;
  for (let u = 0; u < i.numUsers; u++) {
    for (let e = userOffsets[u] + 1; e < userOffsets[u + 1]; e++) {
      const [first, second] = [itemIds[e - 1], itemIds[e]];
      if (first === second || !isTied(u, e)) continue;
      const pair = Math.min(first, second) * (i.numItems + 1) + Math.max(first, second);
      pairs[count++] = 2 * pair + (first > second ? 1 : 0);
    }
  }
  return { tied, pairs: pairs.subarray(0, count), resolution };
}

/** Greatest common divisor of whole numbers; 1 as soon as one is not whole. */
function divisor(a: number, b: number): number {
  if (!Number.isInteger(b)) return 1;
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
